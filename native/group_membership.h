// The solicited-node groups joined on one interface, with the reports that make switches pass them on (RFC 3810).
// A packet socket's own membership would send none.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "descriptor.h"

class GroupMembership {
 public:
  explicit GroupMembership(int interface_index) : interface_index_(interface_index) {}

  // Makes these (the last 24 bits of each group) the groups that are joined. The kernel keeps them, and reports them again, when the interface goes down and comes back
  // and when IPv6 is switched off and on; when it has forgotten them, the next call joins them anew.
  void set(const std::set<uint32_t> &groups);

  // How many of them could not be joined; the next call of `set` tries again.
  unsigned missing() const { return missing_; }

 private:
  struct Socket {
    Descriptor fd;
    unsigned groups = 0;
    explicit Socket(int fd) : fd(fd) {}
  };

  Socket *roomy_socket();
  void forget_if_lost();

  const int interface_index_;
  int mtu_ = 0;
  unsigned missing_ = 0;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::map<uint32_t, Socket *> joined_;
};
