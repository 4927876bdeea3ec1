// Compares the table of addresses with a plain map, then throws frames at the responder's judgement: every prefix and every flipped bit of valid ones, then random mutations,
// most with the checksum made right again so that they get past it. Aborts when a rule is broken; run it under
// AddressSanitizer to find reads beyond a frame.
//   fuzz FRAMES SEED    prints how many met which fate
#include <linux/if_packet.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>

#include "../../native/arp.h"
#include "../../native/judge.h"

namespace {

using Bytes = std::vector<uint8_t>;

const Station kStation = {7, {2, 0, 0, 0, 0, 1}};
constexpr int kOtherInterface = 8;
const Mac kStranger = {2, 0, 0, 0, 0, 0x99};
const Mac kAllNodesMac = {0x33, 0x33, 0, 0, 0, 1};

std::mt19937_64 generator;
uint64_t counts[static_cast<size_t>(Fate::kCount)];
uint64_t observed;

uint64_t below(uint64_t bound) { return generator() % bound; }

Address ipv4(uint8_t last) {
  Address address = mapped(0);
  const uint8_t bytes[] = {192, 0, 2, last};
  memcpy(&address[12], bytes, 4);
  return address;
}

Address ipv6(uint8_t last) { return {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last}; }

// Held: .50, .51 (elsewhere). Watched: .60.
AddressTable make_table() {
  AddressTable table, none;
  for (auto make : {ipv4, ipv6}) {
    table.add(make(50), kStation.interface_index, Role::kHeld, none);
    table.add(make(51), kOtherInterface, Role::kHeld, none);
    table.add(make(60), kStation.interface_index, Role::kWatched, none);
  }
  return table;
}

Bytes arp_frame(uint8_t operation, uint8_t sender, uint8_t target) {
  Bytes bytes(60, 0);
  memset(&bytes[0], 0xff, 6);
  memcpy(&bytes[6], kStranger.data(), 6);
  const uint8_t start[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, operation};
  memcpy(&bytes[12], start, sizeof start);
  memcpy(&bytes[22], kStranger.data(), 6);
  if (sender != 0) memcpy(&bytes[28], &ipv4(sender)[12], 4);
  memcpy(&bytes[38], &ipv4(target)[12], 4);
  return bytes;
}

uint16_t sum_of(const Bytes &bytes, size_t length) {
  uint64_t sum = length + 58;
  for (size_t i = 0; i < 32; i += 2) sum += static_cast<uint64_t>(bytes[22 + i] << 8 | bytes[23 + i]);
  for (size_t i = 0; i < length; i++) sum += i % 2 == 0 ? bytes[54 + i] << 8 : bytes[54 + i];
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

size_t message_length(const Bytes &bytes) { return static_cast<size_t>(bytes[18] << 8 | bytes[19]); }

void mend_checksum(Bytes *bytes) {
  if (bytes->size() < 58 || message_length(*bytes) > bytes->size() - 54) return;
  (*bytes)[56] = (*bytes)[57] = 0;
  uint16_t sum = static_cast<uint16_t>(~sum_of(*bytes, message_length(*bytes)));
  (*bytes)[56] = static_cast<uint8_t>(sum >> 8);
  (*bytes)[57] = static_cast<uint8_t>(sum);
}

Bytes ndp_frame(uint8_t type, const Address &source, const Address &target, const Bytes &options) {
  Bytes bytes(78, 0);
  const uint8_t ethernet[] = {0x33, 0x33, 0xff, 0, 0, target[15], 2, 0, 0, 0, 0, 0x99, 0x86, 0xdd, 0x60};
  memcpy(&bytes[0], ethernet, sizeof ethernet);
  bytes[19] = static_cast<uint8_t>(24 + options.size());
  bytes[20] = 58;
  bytes[21] = 255;
  memcpy(&bytes[22], source.data(), 16);
  const uint8_t group[] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, target[15]};
  memcpy(&bytes[38], group, 16);
  bytes[54] = type;
  memcpy(&bytes[62], target.data(), 16);
  bytes.insert(bytes.end(), options.begin(), options.end());
  mend_checksum(&bytes);
  return bytes;
}

std::vector<Bytes> make_seeds() {
  std::vector<Bytes> seeds;
  const Bytes link = {1, 1, 2, 0, 0, 0, 0, 0x99}, target_link = {2, 1, 2, 0, 0, 0, 0, 0x99};
  Bytes many = link;
  for (int i = 0; i < 8; i++) many.insert(many.end(), {14, 1, 0, 0, 0, 0, 0, 0});
  for (uint8_t about : {50, 51, 60, 70}) {
    for (uint8_t sender : {0, 9, static_cast<int>(about)})
      for (uint8_t operation : {1, 2}) seeds.push_back(arp_frame(operation, sender, about));
    seeds.push_back(ndp_frame(135, ipv6(9), ipv6(about), link));
    seeds.push_back(ndp_frame(135, ipv6(9), ipv6(about), many));
    seeds.push_back(ndp_frame(135, ipv6(9), ipv6(about), {}));
    seeds.push_back(ndp_frame(135, {}, ipv6(about), {}));
    seeds.push_back(ndp_frame(136, ipv6(about), ipv6(about), target_link));
  }
  return seeds;
}

void demand(bool is_so, const char *rule, const Frame &frame) {
  if (is_so) return;
  fprintf(stderr, "broken: %s\npacket type %d, VLAN %d, interface %d\n", rule, frame.packet_type, frame.vlan_id,
          frame.interface_index);
  for (uint32_t i = 0; i < frame.captured; i++) fprintf(stderr, "%02x", frame.bytes[i]);
  fputs("\n", stderr);
  abort();
}

void check_answer(const AddressTable &table, const Frame &frame, const Verdict &verdict) {
  demand(verdict.asked != nullptr && verdict.asked->is_held_on(kStation.interface_index), "held here", frame);
  demand(frame.vlan_id == 0 && frame.packet_type != PACKET_OTHERHOST, "for us", frame);
  demand(frame.interface_index == kStation.interface_index, "on this interface", frame);
  demand(memcmp(&verdict.reply[6], kStation.mac.data(), 6) == 0, "from our MAC", frame);
  bool is_arp = verdict.reply_size == arp::kFrameBytes;
  demand(is_arp ? frame.captured >= arp::kBytes : verdict.reply_size == ndp::kFrameBytes, "whole", frame);
  if (is_arp) {
    demand(!(verdict.reply[0] & 1), "to one host", frame);
    return;
  }
  Bytes asked(frame.bytes, frame.bytes + frame.captured), reply(verdict.reply.begin(), verdict.reply.end());
  demand(asked[21] == 255, "hop limit", frame);
  demand(sum_of(asked, message_length(asked)) == 0xffff, "checksum of what is answered", frame);
  demand(sum_of(reply, 32) == 0xffff, "checksum of the answer", frame);
  bool is_probe = memcmp(&asked[22], Address{}.data(), 16) == 0;
  demand(memcmp(&reply[0], kAllNodesMac.data(), 6) == 0 ? is_probe : !(reply[0] & 1), "to who asked", frame);
  Address target;
  memcpy(target.data(), &asked[62], 16);
  demand(table.find(target) == verdict.asked && memcmp(&reply[22], target.data(), 16) == 0, "its target", frame);
}

void throw_at(const AddressTable &table, const Bytes &bytes, uint8_t packet_type, uint16_t vlan, int interface_index) {
  // On the heap and exactly as long as it says, so that a read beyond it is found.
  auto exact = std::make_unique<uint8_t[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), exact.get());
  Frame frame = {exact.get(), static_cast<uint32_t>(bytes.size()), packet_type, vlan, interface_index};
  Verdict verdict = judge(kStation, table, frame);
  counts[static_cast<size_t>(verdict.fate)]++;
  if (verdict.fate == Fate::kAnswered) check_answer(table, frame, verdict);
  else demand(verdict.asked == nullptr && verdict.reply_size == 0, "nothing to send", frame);
  if (!verdict.observation) return;
  observed++;
  const AddressEntry *about = table.find(verdict.observation->address);
  demand(about != nullptr && about->is_on(kStation.interface_index), "observed where it is ours", frame);
  demand(verdict.observation->mac != kStation.mac, "observed of others", frame);
}

void throw_near(const AddressTable &table, const Bytes &bytes) {
  throw_at(table, bytes, PACKET_BROADCAST, 0, kStation.interface_index);
}

Bytes mutated(const std::vector<Bytes> &seeds) {
  Bytes bytes = seeds[below(seeds.size())];
  for (uint64_t changes = 1 + below(4); changes > 0 && !bytes.empty(); changes--) {
    size_t at = below(bytes.size());
    switch (below(6)) {
      case 0:
        bytes[at] = static_cast<uint8_t>(generator());
        break;
      case 1:
        bytes[at] ^= static_cast<uint8_t>(1 << below(8));
        break;
      case 2:
        bytes[at] = static_cast<uint8_t>(std::array<int, 4>{0, 1, 0x7f, 0xff}[below(4)]);
        break;
      case 3:
        bytes.resize(at);
        break;
      case 4:
        bytes.insert(bytes.end(), below(40), static_cast<uint8_t>(generator()));
        break;
      default: {
        const Bytes &other = seeds[below(seeds.size())];
        size_t size = std::min(below(16), std::min(bytes.size(), other.size()) - std::min(at, other.size()));
        auto offset = static_cast<long>(std::min(at, other.size()));
        std::copy_n(other.begin() + offset, size, bytes.begin() + static_cast<long>(at));
      }
    }
  }
  bool is_ipv6 = bytes.size() > 20 && bytes[12] == 0x86;
  if (is_ipv6 && below(4) > 0 && bytes.size() >= 54) {
    if (below(2)) bytes[19] = static_cast<uint8_t>(bytes.size() - 54);
    mend_checksum(&bytes);
  }
  return bytes;
}

void fail(const char *what) {
  fprintf(stderr, "broken: %s\n", what);
  abort();
}

// Addresses as pools have them, one after the other, and some from anywhere, each on up to three interfaces; of some none
// is held.
void compare_with_map(size_t addresses) {
  AddressTable table, none;
  std::map<Address, std::map<int, Role>> model;
  while (model.size() < addresses) {
    Address address = below(2) ? ipv4(0) : ipv6(0);
    for (size_t at = below(10) ? 14 : 4; at < address.size(); at++) address[at] = static_cast<uint8_t>(generator());
    for (uint64_t places = 1 + below(3); places > 0; places--) {
      int index = static_cast<int>(1 + below(4));
      Role role = below(2) ? Role::kHeld : Role::kWatched;
      if (model[address].emplace(index, role).second) table.add(address, index, role, none);
    }
  }
  size_t held = 0;
  for (const auto &[address, places] : model) {
    const AddressEntry *entry = table.find(address);
    bool is_same = entry != nullptr && entry->address == address, is_held = false;
    for (int index = 1; index <= 4 && is_same; index++) {
      auto place = places.find(index);
      bool is_held_here = place != places.end() && place->second == Role::kHeld;
      bool is_watched_here = place != places.end() && place->second == Role::kWatched;
      is_held = is_held || is_held_here;
      is_same = entry->is_held_on(index) == is_held_here && entry->is_watched_on(index) == is_watched_here &&
                entry->is_on(index) == (place != places.end());
    }
    held += is_held;
    if (!is_same || entry->is_held() != is_held) fail("the table is not what was put into it");
    Address other = address;
    other[below(16)] ^= static_cast<uint8_t>(1 << below(8));
    if ((table.find(other) != nullptr) != (model.count(other) != 0)) fail("an address that was not put into the table");
  }
  if (table.counters().size() != held) fail("counters of each held address");
}

}  // namespace

int main(int count, char **arguments) {
  if (count != 3) return fputs("fuzz FRAMES SEED\n", stderr), 2;
  uint64_t frames = strtoull(arguments[1], nullptr, 10), thrown = 0;
  generator.seed(strtoull(arguments[2], nullptr, 10));
  for (size_t addresses : {1u, 8u, 9u, 1000u, 20000u}) compare_with_map(addresses);
  const AddressTable table = make_table();
  const std::vector<Bytes> seeds = make_seeds();
  for (const Bytes &seed : seeds) {
    for (size_t size = 0; size <= seed.size(); size++, thrown++)
      throw_near(table, Bytes(seed.begin(), seed.begin() + static_cast<long>(size)));
    for (size_t bit = 0; bit < seed.size() * 8; bit++, thrown++) {
      Bytes flipped = seed;
      flipped[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      throw_near(table, flipped);
    }
  }
  for (; thrown < frames; thrown++) {
    bool is_odd = below(8) == 0;
    throw_at(table, mutated(seeds), static_cast<uint8_t>(is_odd ? below(6) : below(3)),
             static_cast<uint16_t>(is_odd ? below(3) : 0),
             is_odd && below(2) ? kOtherInterface : kStation.interface_index);
  }
  auto number = [](uint64_t value) { return static_cast<unsigned long long>(value); };
  printf("{\"frames\":%llu,\"observed\":%llu", number(thrown), number(observed));
  for (size_t i = 0; i < kFateNames.size(); i++)
    if (counts[i] > 0) printf(",\"%s\":%llu", kFateNames[i], number(counts[i]));
  puts("}");
}
