// The multicast frames that the card passes on for one interface: those to the groups that packet sockets joined. The
// kernel's IPv6 knows nothing of it; that others are told is announcer/listener-reports.ts.
//
// Joining and leaving waits for the kernel's lock of all network configuration (rtnl), which on a node that starts and
// stops pods others may hold for hundreds of ms. So the owner says what it wants, and another thread does it.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "address.h"
#include "descriptor.h"

class GroupMembership {
 public:
  explicit GroupMembership(int interface_index) : interface_index_(interface_index) {}

  // Wants to be in these groups, and in no others, from now on. They stay as long as the interface, also when it is
  // down, or without IPv6. True when `apply` has to be called, and was not already to be.
  bool want(const std::set<Mac> &groups);

  // Joins and leaves until all is as wanted, also by what is wanted meanwhile. One thread only. False when a group could
  // not be joined: it has to be called again.
  bool apply();

  // Nothing has to be done any more: the sockets will be closed, which leaves the groups at once.
  void abandon();

  // How many are wanted, and not joined yet.
  unsigned missing() const;

 private:
  struct Socket {
    Descriptor fd;
    unsigned groups = 0;
    explicit Socket(int fd) : fd(fd) {}
  };

  // Without the lock while the kernel does it.
  bool join(const Mac &group, std::unique_lock<std::mutex> &lock);
  void leave(const Mac &group, std::unique_lock<std::mutex> &lock);
  Socket *roomy_socket();

  const int interface_index_;
  std::vector<std::unique_ptr<Socket>> sockets_;  // of the thread that applies

  mutable std::mutex mutex_;
  std::map<Mac, Socket *> joined_;
  std::set<Mac> to_join_;
  std::set<Mac> to_leave_;
  bool is_to_apply_ = false;
};
