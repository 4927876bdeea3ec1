// Addresses as table keys: 16 bytes for both families, IPv4 as ::ffff:0:0/96.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>

using Mac = std::array<uint8_t, 6>;
using Address = std::array<uint8_t, 16>;

// `ipv4` in network byte order.
inline Address mapped(uint32_t ipv4) {
  Address address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  memcpy(&address[12], &ipv4, 4);
  return address;
}

inline bool is_mapped(const Address &address) { return memcmp(&address[0], &mapped(0)[0], 12) == 0; }

inline uint32_t hash_of(const Address &address) {
  uint64_t high, low;
  memcpy(&high, &address[0], 8);
  memcpy(&low, &address[8], 8);
  // Pool addresses differ in few bits, at the end: multiplying spreads them upwards, so the upper half is what counts.
  uint64_t mixed = (high ^ __builtin_bswap64(low) * 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
  return static_cast<uint32_t>(mixed >> 32);
}
