#include "group_membership.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace {

// The kernel's own limit depends on net.core.optmem_max: about 2,300 with today's default, 350 with that of older ones.
constexpr unsigned kGroupsPerSocket = 256;

ipv6_mreq request(uint32_t group, int interface_index) {
  ipv6_mreq request = {};
  in6_addr prefix = {{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}}};
  request.ipv6mr_multiaddr = prefix;
  for (int i = 0; i < 3; i++) request.ipv6mr_multiaddr.s6_addr[13 + i] = static_cast<uint8_t>(group >> (8 * (2 - i)));
  request.ipv6mr_interface = static_cast<unsigned>(interface_index);
  return request;
}

// In bytes; 0 when there is no such interface.
int mtu_of(int interface_index) {
  Descriptor fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = {};
  if (if_indextoname(static_cast<unsigned>(interface_index), request.ifr_name) == nullptr) return 0;
  return ioctl(fd, SIOCGIFMTU, &request) == 0 ? request.ifr_mtu : 0;
}

}  // namespace

// Below 1280 bytes the kernel takes IPv6 off an interface, and all groups with it, but the sockets go on as if they
// had joined, and a second join on them fails.
void GroupMembership::forget_if_lost() {
  int mtu = mtu_of(interface_index_);
  if (mtu == mtu_) return;
  mtu_ = mtu;
  joined_.clear();
  sockets_.clear();
}

void GroupMembership::set(const std::set<uint32_t> &groups) {
  missing_ = 0;
  if (groups.empty() && joined_.empty()) return;
  forget_if_lost();
  for (auto entry = joined_.begin(); entry != joined_.end();) {
    if (groups.count(entry->first)) {
      ++entry;
      continue;
    }
    ipv6_mreq leave = request(entry->first, interface_index_);
    setsockopt(entry->second->fd, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &leave, sizeof leave);
    entry->second->groups--;
    entry = joined_.erase(entry);
  }
  for (uint32_t group : groups) {
    if (joined_.count(group)) continue;
    Socket *socket = roomy_socket();
    ipv6_mreq join = request(group, interface_index_);
    if (socket == nullptr || setsockopt(socket->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &join, sizeof join) != 0) {
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
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return nullptr;
  sockets_.push_back(std::make_unique<Socket>(fd));
  return sockets_.back().get();
}
