// The responder thread: answers for held addresses, whatever JavaScript is doing.
//
// The thread alone reads sockets and table. The owner (one thread, JavaScript's) changes them by `run`: the responder
// does the change between two batches of frames and the owner waits for it. So when a method returns it has taken
// effect, and there is no lock on the way of a frame.
//
// What waits for the kernel's lock of all network configuration (rtnl) is left to a third thread, and takes effect later:
// joining and leaving the groups of what is listened on, and closing sockets.
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

#include "address_table.h"
#include "deferred_work.h"
#include "descriptor.h"
#include "frame_queue.h"
#include "group_membership.h"
#include "judge.h"
#include "observation.h"
#include "outbox.h"
#include "packet_socket.h"

class Responder {
 public:
  // `on_news` is called in the responder thread, when there is something to be taken. Throws SystemError.
  explicit Responder(std::function<void()> on_news);
  // Waits until all sockets are closed.
  ~Responder();

  // Listens there with that MAC; with other sockets if the interface was gone meanwhile. Throws SystemError.
  void open(const Station &station);
  void close(int interface_index);
  void install(std::unique_ptr<AddressTable> table);
  const AddressTable &table() const { return *table_; }

  // Instants are CLOCK_BOOTTIME in ns. See Responder in src/wire/responder.ts.
  bool extend(int64_t valid_until);
  void resume(int64_t valid_until);

  // 0, or the errno.
  int send(int interface_index, const void *bytes, size_t size) const;

  ObservationQueue &observations() { return observations_; }
  FrameQueue &hellos() { return hellos_; }
  FrameQueue &queries() { return queries_; }  // for listeners (RFC 3810)
  uint64_t count(Fate fate) const { return counts_[static_cast<size_t>(fate)].load(std::memory_order_relaxed); }
  uint64_t dropped();  // by the kernel: the ring was full
  unsigned groups_not_joined() const;  // yet, or because the kernel would not

 private:
  struct Interface {
    Station station;
    PacketSocket arp;
    PacketSocket ndp;
    PacketSocket hello;
    GroupMembership groups;  // the owner wants, the deferred work applies

    explicit Interface(const Station &station);
    const PacketSocket &socket_for(const uint8_t *frame, size_t size) const;
  };

  static uint64_t dropped_by(Interface &interface);
  void run(const std::function<void()> &change);
  void loop();
  void take_change();
  void take_frames(Interface &interface);  // a batch from each of its sockets
  void join_groups(const std::shared_ptr<Interface> &interface);
  void take(const Interface &interface, const Frame &frame);
  void take_ndp(const Interface &interface, const Frame &frame);
  void take_hello(const Interface &interface, const Frame &frame);
  void send_replies(const PacketSocket &socket);
  void count(Fate fate, uint64_t frames);

  const std::function<void()> on_news_;
  std::map<int, std::shared_ptr<Interface>> interfaces_;
  std::unique_ptr<AddressTable> table_ = std::make_unique<AddressTable>();
  Outbox replies_;  // of one batch of frames
  std::atomic<int64_t> valid_until_{0};
  std::array<std::atomic<uint64_t>, static_cast<size_t>(Fate::kCount)> counts_ = {};
  uint64_t dropped_before_ = 0;  // by sockets closed since

  ObservationQueue observations_;
  FrameQueue hellos_{1024};  // a second's worth of the most that a segment sees
  FrameQueue queries_{16};   // one router asks, some of them at most

  std::mutex change_mutex_;
  std::condition_variable change_done_;
  const std::function<void()> *change_ = nullptr;

  bool is_stopping_ = false;  // of the responder thread
  Descriptor epoll_;
  Descriptor wake_;
  DeferredWork deferred_;
  std::thread thread_;  // last: everything else is there when it begins
};

// CLOCK_BOOTTIME in ns: also counts while the machine sleeps.
int64_t boot_time();
