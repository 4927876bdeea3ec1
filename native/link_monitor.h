// rtnetlink: tells that links or addresses changed, and reads all of them. What the messages say is for TypeScript.
#pragma once
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "descriptor.h"

using Datagrams = std::vector<std::vector<uint8_t>>;

// The datagrams of a link dump and an address dump of this network namespace. Waits while others hold the kernel's lock
// of all network configuration (rtnl), which on a node that starts and stops pods can be hundreds of ms. Throws
// SystemError.
Datagrams dump_links();

// Its thread hears of changes, and does the readings that the owner asks for.
class LinkMonitor {
 public:
  // `on_news` is called in that thread, when a change or a reading can be taken. Throws SystemError.
  explicit LinkMonitor(std::function<void()> on_news);
  // Waits for the kernel's answer that a reading waits for, and for no further one.
  ~LinkMonitor();

  // Whether there were changes since the last call, other than those that a reading shows that was asked for since.
  bool take_change();

  // Asks for a reading that begins now or later. It replaces one that was not taken.
  void read();
  // The reading, once it is done. Throws what `dump_links` throws.
  std::optional<Datagrams> take_reading();

 private:
  struct Reading {
    Datagrams datagrams;
    std::exception_ptr failure;
  };

  void loop();
  void do_reading();
  void discard_messages();

  const std::function<void()> on_news_;
  Descriptor netlink_;
  Descriptor wake_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> has_changed_{false};
  std::mutex reading_mutex_;
  std::optional<Reading> reading_;
  std::thread thread_;  // last: everything else is there when it begins
};
