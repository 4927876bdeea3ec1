// The held addresses: what the responder looks up for each frame. Immutable once made, but for its counters.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "address.h"

struct AddressCounters {
  std::atomic<uint64_t> requests{0};
  std::atomic<uint64_t> responses{0};
};

struct Held {
  std::shared_ptr<AddressCounters> counters;
  std::vector<int> interfaces;  // few: a linear search is the fastest

  bool on(int interface_index) const {
    return std::find(interfaces.begin(), interfaces.end(), interface_index) != interfaces.end();
  }
};

class HeldTable {
 public:
  // Counters of addresses that `before` has as well go on.
  void add(const Address &address, int interface_index, const HeldTable &before) {
    auto [entry, is_new] = by_address_.try_emplace(address);
    Held &held = entry->second;
    if (is_new) {
      const Held *old = before.find(address);
      held.counters = old ? old->counters : std::make_shared<AddressCounters>();
      order_.push_back(held.counters.get());
    }
    held.interfaces.push_back(interface_index);
  }

  const Held *find(const Address &address) const {
    auto entry = by_address_.find(address);
    return entry == by_address_.end() ? nullptr : &entry->second;
  }

  // The solicited-node groups (their last 24 bits, RFC 4291 section 2.7.1) of the IPv6 addresses held there.
  std::set<uint32_t> groups_on(int interface_index) const {
    std::set<uint32_t> groups;
    for (const auto &[address, held] : by_address_) {
      if (is_mapped(address) || !held.on(interface_index)) continue;
      groups.insert(static_cast<uint32_t>(address[13] << 16 | address[14] << 8 | address[15]));
    }
    return groups;
  }

  // In the order in which the addresses were added.
  const std::vector<const AddressCounters *> &counters() const { return order_; }

 private:
  std::unordered_map<Address, Held, AddressHash> by_address_;
  std::vector<const AddressCounters *> order_;
};
