// What becomes of a frame: answered, or why not.
#include <linux/if_ether.h>
#include <string.h>

#include "responder.h"

namespace {

constexpr size_t kMaxObservations = 256;

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

}  // namespace

const std::array<const char *, static_cast<size_t>(Fate::kCount)> kFateNames = {
    "answered",  "expired", "notHeld",   "wrongInterface", "notRequest",    "conflict",    "ownFrame",
    "otherHost", "vlan",    "malformed", "truncated",      "wrongHopLimit", "badChecksum", "sendFailed",
};

Fate Responder::judge(const Interface &interface, const Frame &frame) {
  if (frame.captured < ETH_HLEN) return Fate::kTruncated;
  if (frame.packet_type == PACKET_OUTGOING || is_from(frame, interface.mac)) return Fate::kOwnFrame;
  if (is_of_other_vlan(frame, interface.mac)) return Fate::kVlan;
  if (frame.packet_type == PACKET_OTHERHOST) return Fate::kOtherHost;
  bool is_arp = frame.bytes[12] == 0x08;
  return is_arp ? judge_arp(interface, frame) : judge_ndp(interface, frame);
}

Fate Responder::judge_arp(const Interface &interface, const Frame &frame) {
  if (frame.packet_type == PACKET_MULTICAST) return Fate::kOtherHost;
  if (frame.captured < arp::kBytes) return Fate::kTruncated;
  arp::Packet packet;
  if (!arp::parse(frame.bytes, &packet)) return Fate::kMalformed;
  if (packet.sender_mac == interface.mac) return Fate::kOwnFrame;
  bool claims_ours = packet.sender != 0 && table_->find(mapped(packet.sender)) != nullptr;
  if (claims_ours) observe(interface, frame);
  if (packet.operation != arp::kRequest) return claims_ours ? Fate::kConflict : Fate::kNotRequest;
  // An announcement of our address asks for no answer; whether to defend it is decided above us (RFC 5227 2.4).
  if (claims_ours && packet.sender == packet.target) return Fate::kConflict;
  Fate why_not;
  const Held *held = held_here(interface, mapped(packet.target), &why_not);
  if (held == nullptr) return why_not;
  auto reply = arp::reply(packet, interface.mac);
  return answer(*held, interface.arp, reply.data(), reply.size());
}

Fate Responder::judge_ndp(const Interface &interface, const Frame &frame) {
  ndp::Packet packet;
  ndp::Verdict verdict = ndp::parse(frame.bytes, frame.captured, &packet);
  if (verdict != ndp::Verdict::kGood) return fate_of(verdict);
  if (packet.sender_mac == interface.mac) return Fate::kOwnFrame;
  bool is_request = packet.type == ndp::kSolicitation;
  bool claims_ours = table_->find(is_request ? packet.source : packet.target) != nullptr;
  if (claims_ours) observe(interface, frame);
  if (!is_request) return claims_ours ? Fate::kConflict : Fate::kNotRequest;
  Fate why_not;
  const Held *held = held_here(interface, packet.target, &why_not);
  if (held == nullptr) return why_not;
  auto reply = ndp::reply(packet, interface.mac);
  return answer(*held, interface.ndp, reply.data(), reply.size());
}

const Held *Responder::held_here(const Interface &interface, const Address &target, Fate *why_not) {
  const Held *held = table_->find(target);
  *why_not = held == nullptr ? Fate::kNotHeld : Fate::kWrongInterface;
  return held != nullptr && held->on(interface.index) ? held : nullptr;
}

Fate Responder::answer(const Held &held, const PacketSocket &socket, const void *reply, size_t size) {
  held.counters->requests.fetch_add(1, std::memory_order_relaxed);
  // The last thing before sending: a process that was frozen must not send one reply first.
  if (boot_time() >= valid_until_.load(std::memory_order_relaxed)) return Fate::kExpired;
  if (socket.send(reply, size) != 0) return Fate::kSendFailed;
  held.counters->responses.fetch_add(1, std::memory_order_relaxed);
  return Fate::kAnswered;
}

void Responder::observe(const Interface &interface, const Frame &frame) {
  {
    std::lock_guard<std::mutex> lock(observations_mutex_);
    if (observations_.size() >= kMaxObservations) {
      lost_observations_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    observations_.push_back({interface.index, {frame.bytes, frame.bytes + frame.captured}});
  }
  on_observation_();
}
