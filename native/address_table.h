// The addresses that matter: what is looked up for each frame. Immutable once made, but for the counters.
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

enum class Role : uint8_t {
  kHeld,     // answered; who else claims it is observed
  kWatched,  // only observed: we ask whether somebody has it (RFC 5227 section 2.1)
};

class AddressEntry {
 public:
  void add(int interface_index, Role role) { (role == Role::kHeld ? held_ : watched_).push_back(interface_index); }
  bool is_held() const { return !held_.empty(); }
  bool is_held_on(int interface_index) const { return has(held_, interface_index); }
  bool is_watched_on(int interface_index) const { return has(watched_, interface_index); }
  bool is_on(int interface_index) const { return is_held_on(interface_index) || is_watched_on(interface_index); }

  std::shared_ptr<AddressCounters> counters;

 private:
  // Few: a linear search is the fastest.
  static bool has(const std::vector<int> &indexes, int index) {
    return std::find(indexes.begin(), indexes.end(), index) != indexes.end();
  }

  std::vector<int> held_;
  std::vector<int> watched_;
};

class AddressTable {
 public:
  // Counters of addresses that `before` has as well go on.
  void add(const Address &address, int interface_index, Role role, const AddressTable &before) {
    AddressEntry &entry = by_address_[address];
    if (!entry.counters) {
      const AddressEntry *old = before.find(address);
      entry.counters = old ? old->counters : std::make_shared<AddressCounters>();
    }
    if (role == Role::kHeld && !entry.is_held()) order_.push_back(entry.counters.get());
    entry.add(interface_index, role);
  }

  const AddressEntry *find(const Address &address) const {
    auto entry = by_address_.find(address);
    return entry == by_address_.end() ? nullptr : &entry->second;
  }

  // The solicited-node groups (their last 24 bits, RFC 4291 section 2.7.1) of the IPv6 addresses held or watched there.
  std::set<uint32_t> groups_on(int interface_index) const {
    std::set<uint32_t> groups;
    for (const auto &[address, entry] : by_address_) {
      if (is_mapped(address) || !entry.is_on(interface_index)) continue;
      groups.insert(static_cast<uint32_t>(address[13] << 16 | address[14] << 8 | address[15]));
    }
    return groups;
  }

  // Of the held addresses, in the order in which they were added.
  const std::vector<const AddressCounters *> &counters() const { return order_; }

 private:
  std::unordered_map<Address, AddressEntry, AddressHash> by_address_;
  std::vector<const AddressCounters *> order_;
};
