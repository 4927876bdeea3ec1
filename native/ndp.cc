#include "ndp.h"

#include <cstring>

namespace ndp {

namespace {

// Offsets in the frame.
constexpr size_t kIp = 14;
constexpr size_t kPayloadLength = 18;
constexpr size_t kNextHeader = 20;
constexpr size_t kHopLimit = 21;
constexpr size_t kSource = 22;
constexpr size_t kDestination = 38;
constexpr size_t kMessage = 54;
constexpr size_t kChecksum = 56;
constexpr size_t kFlags = 58;
constexpr size_t kTarget = 62;

constexpr uint8_t kIcmp6 = 58;
constexpr uint8_t kSourceLinkAddress = 1;
constexpr uint8_t kTargetLinkAddress = 2;
constexpr uint8_t kLinkAddressUnits = 1;  // of 8 bytes: kind, length, MAC
constexpr size_t kMessageBytes = 24;  // without options
constexpr uint8_t kSolicited = 0x40;
constexpr uint8_t kOverride = 0x20;

constexpr Address kAllNodes = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr Mac kAllNodesMac = {0x33, 0x33, 0, 0, 0, 1};

// RFC 4443 section 2.3: over the pseudo header and `length` bytes of message, which hold the checksum or zeros.
uint16_t checksum(const uint8_t *bytes, size_t length) {
  uint32_t sum = static_cast<uint32_t>(length) + kIcmp6;
  auto add = [&sum](const uint8_t *from, size_t size) {
    for (size_t i = 0; i + 1 < size; i += 2) sum += static_cast<uint32_t>(from[i] << 8 | from[i + 1]);
    if (size % 2 != 0) sum += static_cast<uint32_t>(from[size - 1] << 8);
  };
  add(bytes + kSource, 32);
  add(bytes + kMessage, length);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

// False when an option is not as long as it says, or not as long as its kind is. `option` is the kind that holds the
// sender's link address.
bool read_options(const uint8_t *bytes, size_t end, uint8_t option, bool *found, Mac *mac) {
  for (size_t at = kBytes; at < end; at += bytes[at + 1] * 8u) {
    if (at + 2 > end || bytes[at + 1] == 0 || at + bytes[at + 1] * 8u > end) return false;
    if (bytes[at] != option) continue;
    if (bytes[at + 1] != kLinkAddressUnits) return false;
    *found = true;
    memcpy(mac->data(), bytes + at + 2, mac->size());
  }
  return true;
}

bool is_multicast(const uint8_t *address) { return address[0] == 0xff; }

// RFC 4291 section 2.7.1.
bool is_solicited_node(const uint8_t *address) {
  static const uint8_t kPrefix[] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
  return memcmp(address, kPrefix, sizeof kPrefix) == 0;
}

}  // namespace

Verdict parse(const uint8_t *bytes, size_t size, Packet *packet) {
  if (size < kBytes) return Verdict::kTruncated;
  if (bytes[kIp] >> 4 != 6 || bytes[kNextHeader] != kIcmp6) return Verdict::kMalformed;
  size_t length = static_cast<size_t>(bytes[kPayloadLength] << 8 | bytes[kPayloadLength + 1]);
  if (length < kMessageBytes) return Verdict::kMalformed;
  if (kMessage + length > size) return Verdict::kTruncated;
  if (bytes[kHopLimit] != 255) return Verdict::kWrongHopLimit;  // a router has passed it on
  if (checksum(bytes, length) != 0) return Verdict::kBadChecksum;
  packet->type = bytes[kMessage];
  packet->is_solicited = bytes[kFlags] & kSolicited;
  memcpy(packet->source.data(), bytes + kSource, packet->source.size());
  memcpy(packet->target.data(), bytes + kTarget, packet->target.size());
  memcpy(packet->sender_mac.data(), bytes + 6, packet->sender_mac.size());
  bool has_link_address = false;
  uint8_t option = packet->type == kSolicitation ? kSourceLinkAddress : kTargetLinkAddress;
  bool is_advertisement = packet->type == kAdvertisement;
  if (!is_advertisement && packet->type != kSolicitation) return Verdict::kMalformed;
  if (bytes[kMessage + 1] != 0 || is_multicast(bytes + kSource) || is_multicast(bytes + kTarget) ||
      !read_options(bytes, kMessage + length, option, &has_link_address, &packet->sender_mac) ||
      packet->sender_mac[0] & 1)
    return Verdict::kMalformed;
  if (is_probe(*packet) && (has_link_address || !is_solicited_node(bytes + kDestination))) return Verdict::kMalformed;
  if (is_advertisement && packet->is_solicited && is_multicast(bytes + kDestination)) return Verdict::kMalformed;
  return Verdict::kGood;
}

std::array<uint8_t, kFrameBytes> reply(const Packet &solicitation, const Mac &mac) {
  std::array<uint8_t, kFrameBytes> bytes = {};
  bool to_all = is_probe(solicitation);  // who probes has no address yet
  const Mac &to = to_all ? kAllNodesMac : solicitation.sender_mac;
  const Address &destination = to_all ? kAllNodes : solicitation.source;
  constexpr uint8_t kLength = kFrameBytes - kMessage;
  const uint8_t start[] = {0x86, 0xdd, 0x60, 0, 0, 0, 0, kLength, kIcmp6, 255};
  memcpy(&bytes[0], to.data(), to.size());
  memcpy(&bytes[6], mac.data(), mac.size());
  memcpy(&bytes[12], start, sizeof start);
  memcpy(&bytes[kSource], solicitation.target.data(), 16);
  memcpy(&bytes[kDestination], destination.data(), 16);
  bytes[kMessage] = kAdvertisement;
  bytes[kFlags] = to_all ? kOverride : kOverride | kSolicited;
  memcpy(&bytes[kTarget], solicitation.target.data(), 16);
  bytes[kBytes] = kTargetLinkAddress;
  bytes[kBytes + 1] = 1;
  memcpy(&bytes[kBytes + 2], mac.data(), mac.size());
  uint16_t sum = checksum(bytes.data(), kLength);
  bytes[kChecksum] = static_cast<uint8_t>(sum >> 8);
  bytes[kChecksum + 1] = static_cast<uint8_t>(sum);
  return bytes;
}

}  // namespace ndp
