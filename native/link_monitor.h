// rtnetlink: tells that links or addresses changed, and reads all of them. What the messages say is for TypeScript.
#pragma once
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "descriptor.h"

class LinkMonitor {
 public:
  // `on_change` is called in a thread of its own, once for changes that come together. Throws SystemError.
  explicit LinkMonitor(std::function<void()> on_change);
  ~LinkMonitor();

 private:
  void loop();
  void discard_messages();

  const std::function<void()> on_change_;
  Descriptor netlink_;
  Descriptor stop_;
  std::thread thread_;
};

// The datagrams of a link dump and an address dump of this network namespace. Throws SystemError.
std::vector<std::vector<uint8_t>> dump_links();
