// Neighbour discovery as far as answering needs it (RFC 4861 sections 4.3, 4.4, 7.1 and 7.2). Bytes in, bytes out; no
// I/O.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "address.h"

namespace ndp {

constexpr size_t kBytes = 78;       // Ethernet and IPv6 header, message without options
constexpr size_t kFrameBytes = 86;  // with one link-layer address option

constexpr uint8_t kSolicitation = 135;
constexpr uint8_t kAdvertisement = 136;

enum class Verdict { kGood, kMalformed, kTruncated, kWrongHopLimit, kBadChecksum };

struct Packet {
  uint8_t type;
  Address source;     // of the IPv6 header; all zeros in a probe for a duplicate
  Address target;
  Mac sender_mac;     // of the option if there is one, else of the Ethernet header
  bool is_solicited;  // of an advertisement: it answers somebody
};

// A probe for a duplicate of its target (RFC 4862 section 5.4.2).
inline bool is_probe(const Packet &packet) { return packet.type == kSolicitation && packet.source == Address{}; }

// Judges the first `size` bytes of a frame that is IPv6, and fills `packet` if they are good.
Verdict parse(const uint8_t *bytes, size_t size, Packet *packet);

// Answers the solicitation: its target is at `mac`.
std::array<uint8_t, kFrameBytes> reply(const Packet &solicitation, const Mac &mac);

}  // namespace ndp
