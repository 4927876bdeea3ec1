// The multicast frames that the card passes on for one interface: those to the solicited-node groups of its addresses
// (RFC 4291 section 2.7.1). The kernel's IPv6 knows nothing of it; that others are told is announcer/listener-reports.ts.
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

  // Makes these (the last 24 bits of each group) the groups that are joined. They stay as long as the interface, also
  // when it is down, or without IPv6.
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

  const int interface_index_;
  unsigned missing_ = 0;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::map<uint32_t, Socket *> joined_;
};
