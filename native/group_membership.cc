#include "group_membership.h"

#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

namespace {

// The kernel searches a socket's memberships from one end to the other for each that is added.
constexpr unsigned kGroupsPerSocket = 256;

int change(int option, int fd, uint32_t group, int interface_index) {
  packet_mreq membership = {};
  membership.mr_ifindex = interface_index;
  membership.mr_type = PACKET_MR_MULTICAST;
  membership.mr_alen = 6;
  const uint8_t mac[] = {0x33, 0x33, 0xff, uint8_t(group >> 16), uint8_t(group >> 8), uint8_t(group)};
  memcpy(membership.mr_address, mac, sizeof mac);
  return setsockopt(fd, SOL_PACKET, option, &membership, sizeof membership);
}

}  // namespace

void GroupMembership::set(const std::set<uint32_t> &groups) {
  missing_ = 0;
  for (auto entry = joined_.begin(); entry != joined_.end();) {
    if (groups.count(entry->first)) {
      ++entry;
      continue;
    }
    change(PACKET_DROP_MEMBERSHIP, entry->second->fd, entry->first, interface_index_);
    entry->second->groups--;
    entry = joined_.erase(entry);
  }
  for (uint32_t group : groups) {
    if (joined_.count(group)) continue;
    Socket *socket = roomy_socket();
    if (socket == nullptr || change(PACKET_ADD_MEMBERSHIP, socket->fd, group, interface_index_) != 0) {
      missing_++;
      continue;
    }
    socket->groups++;
    joined_[group] = socket;
  }
}

GroupMembership::Socket *GroupMembership::roomy_socket() {
  for (auto &socket : sockets_)
    if (socket->groups < kGroupsPerSocket) return socket.get();
  // Protocol 0: it receives nothing.
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0) return nullptr;
  sockets_.push_back(std::make_unique<Socket>(fd));
  return sockets_.back().get();
}
