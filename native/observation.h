// What was seen of an address that we hold or watch, and the bounded way of it to JavaScript.
#pragma once
#include <cstdint>
#include <mutex>
#include <set>
#include <tuple>
#include <vector>

#include "address.h"

// The order is that of `OBSERVATION_KINDS` in src/wire/responder.ts.
enum class ObservationKind : uint8_t {
  kProbe,         // asks whether somebody has it, and wants it for itself: ARP from 0.0.0.0, solicitation from ::
  kRequest,       // asks for another address, in its name
  kReply,         // says to one host that it has it
  kAnnouncement,  // says to all hosts that it has it
};

struct Observation {
  int interface_index;
  Address address;
  Mac mac;  // where it says that the address is; of a probe, who probes
  ObservationKind kind;

  bool operator<(const Observation &other) const {
    return std::tie(interface_index, kind, mac, address) <
           std::tie(other.interface_index, other.kind, other.mac, other.address);
  }
};

// Each observation is handed on at most once in a window of time, and so many of them at most: a stranger that shouts
// costs JavaScript little. Made for one thread that adds, and one that takes.
class ObservationQueue {
 public:
  // `now` in ns of any clock that goes on. True when it waits to be taken.
  bool add(const Observation &observation, int64_t now);
  std::vector<Observation> take();

  // What was not handed on: told already in this window, and too many of them.
  uint64_t repeated() const;
  uint64_t lost() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Observation> waiting_;
  std::set<Observation> told_;  // in this window
  int64_t window_end_ = 0;
  uint64_t repeated_ = 0;
  uint64_t lost_ = 0;
};
