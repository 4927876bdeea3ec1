// The addresses that matter: what is looked up for each frame. Immutable once made, but for the counters.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
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
  AddressEntry(const Address &address, std::shared_ptr<AddressCounters> counters)
      : address(address), counters(std::move(counters)) {}

  void add(int interface_index, Role role) {
    if (first_.interface_index == 0)
      first_ = {interface_index, role};
    else
      others_.push_back({interface_index, role});
  }

  bool is_held() const {
    return has([](const Place &place) { return place.role == Role::kHeld; });
  }
  bool is_held_on(int interface_index) const { return is_on(interface_index, Role::kHeld); }
  bool is_watched_on(int interface_index) const { return is_on(interface_index, Role::kWatched); }
  bool is_on(int interface_index) const {
    return has([=](const Place &place) { return place.interface_index == interface_index; });
  }

  const Address address;
  const std::shared_ptr<AddressCounters> counters;

 private:
  struct Place {
    int interface_index;  // 0: none
    Role role;
  };

  template <typename Condition>
  bool has(Condition condition) const {
    return condition(first_) || std::any_of(others_.begin(), others_.end(), condition);
  }
  bool is_on(int interface_index, Role role) const {
    return has([=](const Place &place) { return place.interface_index == interface_index && place.role == role; });
  }

  Place first_ = {0, Role::kWatched};  // most have no other; beside the address, in one cache line
  std::vector<Place> others_;
};

class AddressTable {
 public:
  // Counters of addresses that `before` has as well go on.
  void add(const Address &address, int interface_index, Role role, const AddressTable &before) {
    Slot &slot = slots_[slot_of(address)];
    if (slot.entry == kNoEntry) {
      const AddressEntry *old = before.find(address);
      slot = {hash_of(address), static_cast<uint32_t>(entries_.size())};
      entries_.emplace_back(address, old ? old->counters : std::make_shared<AddressCounters>());
    }
    AddressEntry &entry = entries_[slot.entry];
    if (role == Role::kHeld && !entry.is_held()) order_.push_back(entry.counters.get());
    entry.add(interface_index, role);
    if (entries_.size() * 2 > slots_.size()) grow();
  }

  const AddressEntry *find(const Address &address) const {
    uint32_t entry = slots_[slot_of(address)].entry;
    return entry == kNoEntry ? nullptr : &entries_[entry];
  }

  // The MACs of the solicited-node groups (RFC 4291 section 2.7.1) of the IPv6 addresses held or watched there.
  std::set<Mac> groups_on(int interface_index) const {
    std::set<Mac> groups;
    for (const AddressEntry &entry : entries_) {
      const Address &address = entry.address;
      if (is_mapped(address) || !entry.is_on(interface_index)) continue;
      groups.insert(Mac{0x33, 0x33, 0xff, address[13], address[14], address[15]});
    }
    return groups;
  }

  // Of the held addresses, in the order in which they were added.
  const std::vector<const AddressCounters *> &counters() const { return order_; }

 private:
  static constexpr uint32_t kNoEntry = UINT32_MAX;

  // Open addressing with linear probing: an unknown address costs one cache line, a known one two.
  struct Slot {
    uint32_t hash = 0;
    uint32_t entry = kNoEntry;
  };

  // Where the address is, or would be. At least half of the slots are empty.
  size_t slot_of(const Address &address) const {
    uint32_t hash = hash_of(address);
    size_t at = hash & (slots_.size() - 1);
    for (; slots_[at].entry != kNoEntry; at = (at + 1) & (slots_.size() - 1))
      if (slots_[at].hash == hash && entries_[slots_[at].entry].address == address) break;
    return at;
  }

  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot &slot : old)
      if (slot.entry != kNoEntry) slots_[slot_of(entries_[slot.entry].address)] = slot;
  }

  std::vector<AddressEntry> entries_;
  std::vector<Slot> slots_ = std::vector<Slot>(16);  // a power of two
  std::vector<const AddressCounters *> order_;
};
