// A received frame as a packet socket hands it over. Its bytes are the socket's, and gone when whoever got it returns.
#pragma once
#include <cstdint>

struct Frame {
  const uint8_t *bytes;
  uint32_t captured;     // bytes there: the whole frame, or what the filter leaves of it
  uint8_t packet_type;   // PACKET_HOST, PACKET_BROADCAST, PACKET_OTHERHOST, ...
  uint16_t vlan_id;      // 0 for an untagged and for a priority-tagged frame
  int interface_index;   // whose frame it is: the socket's interface, or a VLAN or macvlan interface on top of it
};
