#include "group_membership.h"

#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

namespace {

// The kernel searches a socket's memberships from one end to the other for each that is added.
constexpr unsigned kGroupsPerSocket = 256;

int change(int option, int fd, const Mac &group, int interface_index) {
  packet_mreq membership = {};
  membership.mr_ifindex = interface_index;
  membership.mr_type = PACKET_MR_MULTICAST;
  membership.mr_alen = static_cast<unsigned short>(group.size());
  memcpy(membership.mr_address, group.data(), group.size());
  return setsockopt(fd, SOL_PACKET, option, &membership, sizeof membership);
}

}  // namespace

bool GroupMembership::want(const std::set<Mac> &groups) {
  std::lock_guard<std::mutex> lock(mutex_);
  to_join_.clear();
  to_leave_.clear();
  for (const Mac &group : groups)
    if (!joined_.count(group)) to_join_.insert(to_join_.end(), group);
  for (const auto &[group, socket] : joined_)
    if (!groups.count(group)) to_leave_.insert(to_leave_.end(), group);
  bool is_new = !is_to_apply_ && !(to_join_.empty() && to_leave_.empty());
  is_to_apply_ = is_to_apply_ || is_new;
  return is_new;
}

bool GroupMembership::apply() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (is_to_apply_) {
    if (!to_leave_.empty())
      leave(Mac(*to_leave_.begin()), lock);
    else if (to_join_.empty())
      is_to_apply_ = false;
    else if (!join(Mac(*to_join_.begin()), lock))
      return false;  // as the others could not be: it was not for the group
  }
  return true;
}

void GroupMembership::abandon() {
  std::lock_guard<std::mutex> lock(mutex_);
  is_to_apply_ = false;
}

unsigned GroupMembership::missing() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<unsigned>(to_join_.size());
}

bool GroupMembership::join(const Mac &group, std::unique_lock<std::mutex> &lock) {
  lock.unlock();
  Socket *socket = roomy_socket();
  bool is_joined = socket != nullptr && change(PACKET_ADD_MEMBERSHIP, socket->fd, group, interface_index_) == 0;
  if (is_joined) socket->groups++;
  lock.lock();
  if (!is_joined) return false;
  joined_[group] = socket;
  if (to_join_.erase(group) == 0) to_leave_.insert(group);  // not wanted any more by now
  return true;
}

void GroupMembership::leave(const Mac &group, std::unique_lock<std::mutex> &lock) {
  Socket *socket = joined_[group];
  lock.unlock();
  change(PACKET_DROP_MEMBERSHIP, socket->fd, group, interface_index_);
  socket->groups--;
  lock.lock();
  joined_.erase(group);
  if (to_leave_.erase(group) == 0) to_join_.insert(group);  // wanted again by now
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
