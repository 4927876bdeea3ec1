#include "judge.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>

#include "arp.h"

namespace {

bool is_from(const Frame &frame, const Mac &mac) { return memcmp(frame.bytes + 6, mac.data(), mac.size()) == 0; }

// Of a VLAN that has no interface the kernel leaves only this: a frame to us, or to a group, that it calls another
// host's.
bool is_of_other_vlan(const Frame &frame, const Mac &mac) {
  bool is_to_us = frame.bytes[0] & 1 || memcmp(frame.bytes, mac.data(), mac.size()) == 0;
  return frame.vlan_id != 0 || (frame.packet_type == PACKET_OTHERHOST && is_to_us);
}

Fate fate_of(ndp::Verdict verdict) {
  switch (verdict) {
    case ndp::Verdict::kTruncated:
      return Fate::kTruncated;
    case ndp::Verdict::kWrongHopLimit:
      return Fate::kWrongHopLimit;
    case ndp::Verdict::kBadChecksum:
      return Fate::kBadChecksum;
    default:
      return Fate::kMalformed;
  }
}

// What either protocol says, once its form is known to be good.
struct Statement {
  Mac mac;                        // whose it is
  std::optional<Address> asked;   // of a request
  std::optional<Address> sender;  // the address that it says to have
  ObservationKind kind;           // if that address, or of a probe the one asked for, is one of ours
};

Verdict weigh(const Station &station, const AddressTable &table, const Statement &statement) {
  Verdict verdict = {};
  if (statement.mac == station.mac) {
    verdict.fate = Fate::kOwnFrame;
    return verdict;
  }
  const AddressEntry *asked = statement.asked ? table.find(*statement.asked) : nullptr;
  const AddressEntry *claimed = statement.sender ? table.find(*statement.sender) : nullptr;
  bool is_claim = claimed != nullptr && claimed->is_on(station.interface_index);
  // A held address is defended by the answer; who else probes for an address while we do has to be known.
  bool is_rival = statement.kind == ObservationKind::kProbe && asked != nullptr &&
                  asked->is_watched_on(station.interface_index);
  if (is_claim || is_rival) {
    const Address &about = is_claim ? *statement.sender : *statement.asked;
    verdict.observation = Observation{station.interface_index, about, statement.mac, statement.kind};
  }
  bool is_answerable = asked != nullptr && asked->is_held_on(station.interface_index);
  if (!statement.asked)
    verdict.fate = is_claim ? Fate::kConflict : Fate::kNotRequest;
  else if (is_answerable)
    verdict.fate = Fate::kAnswered;
  else
    verdict.fate = asked != nullptr && asked->is_held() ? Fate::kWrongInterface : Fate::kNotHeld;
  verdict.asked = is_answerable ? asked : nullptr;
  return verdict;
}

template <size_t N>
void set_reply(Verdict *verdict, const std::array<uint8_t, N> &reply) {
  static_assert(N <= sizeof verdict->reply);
  memcpy(verdict->reply.data(), reply.data(), N);
  verdict->reply_size = N;
}

Statement statement_of(const arp::Packet &packet) {
  Statement statement = {packet.sender_mac, std::nullopt, std::nullopt, ObservationKind::kRequest};
  if (packet.sender != 0) statement.sender = mapped(packet.sender);
  bool is_announcement = packet.sender == packet.target;
  // An announcement asks for no answer; whether to defend the address is decided above us (RFC 5227 section 2.4).
  if (packet.operation == arp::kRequest && !is_announcement) statement.asked = mapped(packet.target);
  if (is_announcement)
    statement.kind = ObservationKind::kAnnouncement;
  else if (packet.operation == arp::kReply)
    statement.kind = ObservationKind::kReply;
  else if (packet.sender == 0)
    statement.kind = ObservationKind::kProbe;
  return statement;
}

Verdict judge_arp(const Station &station, const AddressTable &table, const Frame &frame) {
  if (frame.packet_type == PACKET_MULTICAST) return {Fate::kOtherHost};
  if (frame.captured < arp::kBytes) return {Fate::kTruncated};
  arp::Packet packet;
  if (!arp::parse(frame.bytes, &packet)) return {Fate::kMalformed};
  if (packet.operation != arp::kRequest && packet.operation != arp::kReply) return {Fate::kNotRequest};
  Verdict verdict = weigh(station, table, statement_of(packet));
  if (verdict.fate == Fate::kAnswered) set_reply(&verdict, arp::reply(packet, station.mac));
  return verdict;
}

Statement statement_of(const ndp::Packet &packet) {
  if (packet.type == ndp::kAdvertisement) {
    auto kind = packet.is_solicited ? ObservationKind::kReply : ObservationKind::kAnnouncement;
    return {packet.sender_mac, std::nullopt, packet.target, kind};
  }
  if (ndp::is_probe(packet)) return {packet.sender_mac, packet.target, std::nullopt, ObservationKind::kProbe};
  return {packet.sender_mac, packet.target, packet.source, ObservationKind::kRequest};
}

Verdict judge_ndp(const Station &station, const AddressTable &table, const Frame &frame) {
  ndp::Packet packet;
  ndp::Verdict form = ndp::parse(frame.bytes, frame.captured, &packet);
  if (form != ndp::Verdict::kGood) return {fate_of(form)};
  Verdict verdict = weigh(station, table, statement_of(packet));
  if (verdict.fate == Fate::kAnswered) set_reply(&verdict, ndp::reply(packet, station.mac));
  return verdict;
}

}  // namespace

const std::array<const char *, static_cast<size_t>(Fate::kCount)> kFateNames = {
    "answered",  "expired",     "notHeld", "wrongInterface", "notRequest", "conflict",      "ownFrame",
    "otherHost", "otherDevice", "vlan",    "malformed",      "truncated",  "wrongHopLimit", "badChecksum",
    "sendFailed",
};

std::optional<Fate> misdirected(const Station &station, const Frame &frame) {
  if (frame.captured < ETH_HLEN) return Fate::kTruncated;
  if (frame.interface_index != station.interface_index) return Fate::kOtherDevice;
  if (frame.packet_type == PACKET_OUTGOING || is_from(frame, station.mac)) return Fate::kOwnFrame;
  if (is_of_other_vlan(frame, station.mac)) return Fate::kVlan;
  if (frame.packet_type == PACKET_OTHERHOST) return Fate::kOtherHost;
  return std::nullopt;
}

Verdict judge(const Station &station, const AddressTable &table, const Frame &frame) {
  if (auto fate = misdirected(station, frame)) return {*fate};
  bool is_arp = frame.bytes[12] == 0x08;
  return is_arp ? judge_arp(station, table, frame) : judge_ndp(station, table, frame);
}
