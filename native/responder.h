// The responder thread: answers for held addresses, whatever JavaScript is doing.
//
// The thread alone reads sockets and table. The owner (one thread, JavaScript's) changes them by `run`: the responder
// does the change between two batches of frames and the owner waits for it. So when a method returns it has taken
// effect, and there is no lock on the way of a frame.
#pragma once
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "arp.h"
#include "descriptor.h"
#include "group_membership.h"
#include "held_table.h"
#include "ndp.h"
#include "packet_socket.h"

// What became of a frame.
enum class Fate : size_t {
  kAnswered,
  kExpired,         // for a held address, but `valid until` has passed
  kNotHeld,         // asks for an address of somebody else
  kWrongInterface,  // asks for an address that is held on other interfaces
  kNotRequest,      // a reply, or an operation that is not answered
  kConflict,        // somebody else announces a held address
  kOwnFrame,        // sent by us and come back
  kOtherHost,       // not to us, nor to all
  kVlan,            // of a VLAN that is not this interface's
  kMalformed,
  kTruncated,
  kWrongHopLimit,   // neighbour discovery from beyond a router
  kBadChecksum,
  kSendFailed,
  kCount
};
extern const std::array<const char *, static_cast<size_t>(Fate::kCount)> kFateNames;

// A frame whose sender claims a held address, for JavaScript to judge.
struct Observation {
  int interface_index;
  std::vector<uint8_t> frame;
};

class Responder {
 public:
  // `on_observation` is called in the responder thread. Throws SystemError.
  explicit Responder(std::function<void()> on_observation);
  ~Responder();

  void open(int interface_index, const Mac &mac);  // throws SystemError
  void close(int interface_index);
  void install(std::unique_ptr<HeldTable> table);
  const HeldTable &table() const { return *table_; }

  // Instants are CLOCK_BOOTTIME in ns. See Responder in src/wire/responder.ts.
  bool extend(int64_t valid_until);
  void resume(int64_t valid_until);

  // 0, or the errno.
  int send(int interface_index, const void *bytes, size_t size) const;

  std::vector<Observation> take_observations();
  uint64_t count(Fate fate) const { return counts_[static_cast<size_t>(fate)].load(std::memory_order_relaxed); }
  uint64_t lost_observations() const { return lost_observations_.load(std::memory_order_relaxed); }
  uint64_t dropped();  // by the kernel: the ring was full
  unsigned groups_not_joined() const { return groups_not_joined_; }

 private:
  struct Interface {
    int index;
    Mac mac;
    PacketSocket arp;
    PacketSocket ndp;
    GroupMembership groups;  // the owner's
  };

  void run(const std::function<void()> &change);
  void loop();
  void take_change();
  void take_frames(Interface &interface, unsigned budget);
  void join_groups();
  Fate judge(const Interface &interface, const Frame &frame);
  Fate judge_arp(const Interface &interface, const Frame &frame);
  Fate judge_ndp(const Interface &interface, const Frame &frame);
  const Held *held_here(const Interface &interface, const Address &target, Fate *why_not);
  Fate answer(const Held &held, const PacketSocket &socket, const void *reply, size_t size);
  void observe(const Interface &interface, const Frame &frame);

  const std::function<void()> on_observation_;
  std::map<int, std::unique_ptr<Interface>> interfaces_;
  std::unique_ptr<HeldTable> table_ = std::make_unique<HeldTable>();
  std::atomic<int64_t> valid_until_{0};
  std::array<std::atomic<uint64_t>, static_cast<size_t>(Fate::kCount)> counts_ = {};
  std::atomic<uint64_t> lost_observations_{0};
  uint64_t dropped_before_ = 0;  // by sockets closed since
  unsigned groups_not_joined_ = 0;

  std::mutex observations_mutex_;
  std::vector<Observation> observations_;

  std::mutex change_mutex_;
  std::condition_variable change_done_;
  const std::function<void()> *change_ = nullptr;

  bool is_stopping_ = false;  // of the responder thread
  Descriptor epoll_;
  Descriptor wake_;
  std::thread thread_;  // last: everything else is there when it begins
};

// CLOCK_BOOTTIME in ns: also counts while the machine sleeps.
int64_t boot_time();
