// What becomes of a frame: answered, or why not. Decides, and does nothing: no I/O, no clock, no counting.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "address_table.h"
#include "frame.h"
#include "ndp.h"
#include "observation.h"

enum class Fate : size_t {
  kAnswered,
  kExpired,         // for a held address, but `valid until` has passed
  kNotHeld,         // asks for an address of somebody else
  kWrongInterface,  // asks for an address that is held on other interfaces
  kNotRequest,      // a reply, or an operation that is not answered
  kConflict,        // somebody else says to have an address that we hold or watch
  kOwnFrame,        // sent by us and come back
  kOtherHost,       // not to us, nor to all
  kOtherDevice,     // for a VLAN or macvlan interface on top of this one
  kVlan,            // of a VLAN that is not this interface's
  kMalformed,
  kTruncated,       // shorter than it says
  kWrongHopLimit,   // neighbour discovery from beyond a router
  kBadChecksum,
  kSendFailed,
  kCount
};
extern const std::array<const char *, static_cast<size_t>(Fate::kCount)> kFateNames;

// Who we are on an interface.
struct Station {
  int interface_index;
  Mac mac;
};

struct Verdict {
  Fate fate;
  // With kAnswered: what is asked for, and the reply to send.
  const AddressEntry *asked = nullptr;
  std::array<uint8_t, ndp::kFrameBytes> reply = {};
  size_t reply_size = 0;
  std::optional<Observation> observation = std::nullopt;
};

// Why a frame on our interface is none of ours, whatever is in it; or nothing.
std::optional<Fate> misdirected(const Station &station, const Frame &frame);

Verdict judge(const Station &station, const AddressTable &table, const Frame &frame);
