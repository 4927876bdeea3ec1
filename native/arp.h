// ARP for IPv4 over Ethernet as far as answering needs it (RFC 826). Bytes in, bytes out; no I/O.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "address.h"

namespace arp {

constexpr size_t kBytes = 42;       // Ethernet header and ARP packet
constexpr size_t kFrameBytes = 60;  // with the padding of the shortest Ethernet frame

constexpr uint16_t kRequest = 1;
constexpr uint16_t kReply = 2;

struct Packet {
  uint16_t operation;
  Mac sender_mac;
  uint32_t sender;  // IPv4 addresses, network byte order
  uint32_t target;
};

// False unless these `kBytes` bytes are ARP for IPv4 over Ethernet, from a single host.
inline bool parse(const uint8_t *bytes, Packet *packet) {
  static const uint8_t kStart[] = {0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4};  // EtherType, hardware, protocol, sizes
  if (memcmp(bytes + 12, kStart, sizeof kStart) != 0) return false;
  packet->operation = static_cast<uint16_t>(bytes[20] << 8 | bytes[21]);
  memcpy(packet->sender_mac.data(), bytes + 22, 6);
  memcpy(&packet->sender, bytes + 28, 4);
  memcpy(&packet->target, bytes + 38, 4);
  return !(packet->sender_mac[0] & 1);  // a reply to a group address would reach hosts that did not ask
}

// Answers the request: its target is at `mac`. The padding is zeros, never what the request carried there.
inline std::array<uint8_t, kFrameBytes> reply(const Packet &request, const Mac &mac) {
  std::array<uint8_t, kFrameBytes> bytes = {};
  static const uint8_t kStart[] = {0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4, 0, kReply};
  memcpy(&bytes[0], request.sender_mac.data(), 6);
  memcpy(&bytes[6], mac.data(), 6);
  memcpy(&bytes[12], kStart, sizeof kStart);
  memcpy(&bytes[22], mac.data(), 6);
  memcpy(&bytes[28], &request.target, 4);
  memcpy(&bytes[32], request.sender_mac.data(), 6);
  memcpy(&bytes[38], &request.sender, 4);
  return bytes;
}

}  // namespace arp
