// The responder's thread and what is done to it. What becomes of a frame is decided in judge.cc.
#include "responder.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#include "arp.h"
#include "ndp.h"
#include "system_error.h"
#include "thread.h"

namespace {

// Frames taken from one interface before the others, and changes, have their turn.
constexpr unsigned kBatch = Outbox::kCapacity;
constexpr int kMaxEvents = 16;
// 200 ms of 20,000 frames a second: ARP comes for everybody, and broadcasts storm. With the 66 bytes that the kernel puts
// before it, what the filter leaves of a frame just fits. 512 KiB.
constexpr RingSize kArpRing = {4096, 128};
// Only what is for groups that were joined, or for all. 256 KiB.
constexpr RingSize kNdpRing = {1024, 256};
// A segment sees at most 1,000 hellos a second, of 1,280 bytes at most. 256 KiB.
constexpr RingSize kHelloRing = {128, 2048};

// Only ARP, and of it no more than the packet and its padding.
const std::vector<sock_filter> kArpFilter = {
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, arp::kFrameBytes),
    BPF_STMT(BPF_RET | BPF_K, 0),
};

// Where IPv6 says what follows its header, and where a hop-by-hop header and then a message begin.
constexpr size_t kNextHeader = 20;
constexpr size_t kAfterIp = 54;
constexpr size_t kAfterHopByHop = 62;
constexpr uint8_t kListenerQuery = 130;

// Only neighbour solicitations and advertisements; and queries for listeners, which alone have a hop-by-hop header.
const std::vector<sock_filter> kNdpFilter = {
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 11),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kNextHeader),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 3),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kAfterIp),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ndp::kSolicitation, 6, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ndp::kAdvertisement, 5, 6),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_HOPOPTS, 0, 5),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kAfterIp),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 3),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kAfterHopByHop),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kListenerQuery, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, 0xffff),
    BPF_STMT(BPF_RET | BPF_K, 0),
};

// To which strangers announce themselves, answer probes, and routers ask who listens. The kernel leaves it with IPv6.
const Mac kAllNodes = {0x33, 0x33, 0x00, 0x00, 0x00, 0x01};

// Only datagrams to the hello's group, 224.0.0.254; whether they are hellos is for JavaScript to see.
const Mac kHelloGroup = {0x01, 0x00, 0x5e, 0x00, 0x00, 0xfe};
const std::vector<sock_filter> kHelloFilter = {
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 5),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 30),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xe00000fe, 0, 3),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, 0xffff),
    BPF_STMT(BPF_RET | BPF_K, 0),
};

void watch(int epoll, int fd, void *data) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.ptr = data;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) throw SystemError("epoll_ctl");
}

}  // namespace

int64_t boot_time() {
  timespec time;
  clock_gettime(CLOCK_BOOTTIME, &time);
  return time.tv_sec * int64_t{1000000000} + time.tv_nsec;
}

Responder::Responder(std::function<void()> on_news)
    : on_news_(std::move(on_news)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (epoll_ < 0 || wake_ < 0) throw SystemError("epoll_create1, eventfd");
  watch(epoll_, wake_, nullptr);
  thread_ = start_thread("responder", [this] { loop(); });
}

Responder::~Responder() {
  run([this] { is_stopping_ = true; });
  thread_.join();
  for (auto &[index, interface] : interfaces_) interface->groups.abandon();
}

void Responder::open(const Station &station) {
  int index = station.interface_index;
  auto found = interfaces_.find(index);
  if (found != interfaces_.end()) {
    Interface &before = *found->second;
    if (before.arp.is_bound() && before.ndp.is_bound() && before.hello.is_bound()) {
      if (before.station.mac != station.mac) run([&] { before.station.mac = station.mac; });
      return;
    }
    close(index);
  }
  auto interface = std::make_shared<Interface>(station);
  run([&] { interfaces_[index] = interface; });
  try {
    watch(epoll_, interface->arp.fd(), interface.get());
    watch(epoll_, interface->ndp.fd(), interface.get());
    watch(epoll_, interface->hello.fd(), interface.get());
  } catch (const SystemError &) {
    close(index);
    throw;
  }
  join_groups(interface);
}

void Responder::close(int interface_index) {
  std::shared_ptr<Interface> closed;
  run([&] {
    auto found = interfaces_.find(interface_index);
    if (found == interfaces_.end()) return;
    epoll_ctl(epoll_, EPOLL_CTL_DEL, found->second->arp.fd(), nullptr);
    epoll_ctl(epoll_, EPOLL_CTL_DEL, found->second->ndp.fd(), nullptr);
    epoll_ctl(epoll_, EPOLL_CTL_DEL, found->second->hello.fd(), nullptr);
    closed = std::move(found->second);
    interfaces_.erase(found);
  });
  if (!closed) return;
  dropped_before_ += dropped_by(*closed);
  closed->groups.abandon();
  deferred_.add([closed = std::move(closed)]() mutable {
    closed.reset();  // takes the kernel some 20 ms for each socket, even if nobody holds its lock
    return true;
  });
}

void Responder::install(std::unique_ptr<AddressTable> table) {
  run([&] { table_.swap(table); });  // the old one is destroyed here, not on the responder's time
  for (auto &[index, interface] : interfaces_) join_groups(interface);
}

void Responder::join_groups(const std::shared_ptr<Interface> &interface) {
  std::set<Mac> groups = table_->groups_on(interface->station.interface_index);
  groups.insert({kHelloGroup, kAllNodes});
  if (!interface->groups.want(groups)) return;
  deferred_.add([waiting = std::weak_ptr(interface)] {
    auto interface = waiting.lock();
    return !interface || interface->groups.apply();
  });
}

unsigned Responder::groups_not_joined() const {
  unsigned sum = 0;
  for (auto &[index, interface] : interfaces_) sum += interface->groups.missing();
  return sum;
}

// Frozen between reading the clock and storing, the process thaws with an instant that has passed: silent.
bool Responder::extend(int64_t valid_until) {
  if (boot_time() >= valid_until_.load()) return false;
  valid_until_.store(valid_until);
  return true;
}

void Responder::resume(int64_t valid_until) {
  run([&] {
    valid_until_.store(0);
    for (auto &[index, interface] : interfaces_)
      for (unsigned taken = 0; taken < kArpRing.frames; taken += kBatch) take_frames(*interface);
    valid_until_.store(valid_until);
  });
}

int Responder::send(int interface_index, const void *bytes, size_t size) const {
  auto found = interfaces_.find(interface_index);
  if (found == interfaces_.end()) return ENODEV;
  return found->second->socket_for(static_cast<const uint8_t *>(bytes), size).send(bytes, size);
}

Responder::Interface::Interface(const Station &station)
    : station(station),
      arp(station.interface_index, ETH_P_ARP, kArpFilter, kArpRing),
      ndp(station.interface_index, ETH_P_IPV6, kNdpFilter, kNdpRing),
      hello(station.interface_index, ETH_P_IP, kHelloFilter, kHelloRing),
      groups(station.interface_index) {}

// The kernel takes the protocol of a frame from the socket, and what filters outgoing frames goes by that.
const PacketSocket &Responder::Interface::socket_for(const uint8_t *frame, size_t size) const {
  if (size < ETH_HLEN) return arp;
  int ethertype = frame[12] << 8 | frame[13];
  return ethertype == ETH_P_IPV6 ? ndp : ethertype == ETH_P_IP ? hello : arp;
}

uint64_t Responder::dropped_by(Interface &interface) {
  return interface.arp.dropped() + interface.ndp.dropped() + interface.hello.dropped();
}

uint64_t Responder::dropped() {
  uint64_t sum = dropped_before_;
  for (auto &[index, interface] : interfaces_) sum += dropped_by(*interface);
  return sum;
}

void Responder::run(const std::function<void()> &change) {
  std::unique_lock<std::mutex> lock(change_mutex_);
  change_ = &change;
  eventfd_write(wake_, 1);
  change_done_.wait(lock, [this] { return change_ == nullptr; });
}

void Responder::take_change() {
  eventfd_t ignored;
  eventfd_read(wake_, &ignored);
  std::lock_guard<std::mutex> lock(change_mutex_);
  if (change_ == nullptr) return;
  (*change_)();
  change_ = nullptr;
  change_done_.notify_one();
}

void Responder::loop() {
  request_short_slices();
  epoll_event events[kMaxEvents];
  while (!is_stopping_) {
    int count = epoll_wait(epoll_, events, kMaxEvents, -1);
    bool is_woken = false;
    for (int i = 0; i < count; i++) {
      auto interface = static_cast<Interface *>(events[i].data.ptr);
      if (interface == nullptr) {
        is_woken = true;
        continue;
      }
      if (events[i].events & EPOLLERR) {
        interface->arp.clear_error();
        interface->ndp.clear_error();
        interface->hello.clear_error();
      }
      take_frames(*interface);
    }
    if (is_woken) take_change();  // last: it may close an interface of these events
  }
}

void Responder::take_frames(Interface &interface) {
  interface.arp.receive(kBatch, [&](const Frame &frame) { take(interface, frame); });
  send_replies(interface.arp);
  interface.ndp.receive(kBatch, [&](const Frame &frame) { take_ndp(interface, frame); });
  send_replies(interface.ndp);
  interface.hello.receive(kBatch, [&](const Frame &frame) { take_hello(interface, frame); });
}

void Responder::take_ndp(const Interface &interface, const Frame &frame) {
  bool is_query = frame.captured > kNextHeader && frame.bytes[kNextHeader] == IPPROTO_HOPOPTS;
  if (!is_query) return take(interface, frame);
  auto fate = misdirected(interface.station, frame);
  // A bridge that is a querier asks itself as well.
  if (fate && *fate != Fate::kOwnFrame) return;
  if (queries_.add(interface.station.interface_index, frame)) on_news_();
}

void Responder::take_hello(const Interface &interface, const Frame &frame) {
  if (misdirected(interface.station, frame)) return;
  if (hellos_.add(interface.station.interface_index, frame)) on_news_();
}

void Responder::take(const Interface &interface, const Frame &frame) {
  Verdict verdict = judge(interface.station, *table_, frame);
  if (verdict.fate == Fate::kAnswered) {
    AddressCounters &counters = *verdict.asked->counters;
    counters.requests.fetch_add(1, std::memory_order_relaxed);
    replies_.add(verdict.reply.data(), verdict.reply_size, &counters);
  } else {
    count(verdict.fate, 1);
  }
  if (verdict.observation && observations_.add(*verdict.observation, boot_time())) on_news_();
}

void Responder::send_replies(const PacketSocket &socket) {
  unsigned size = replies_.size();
  for (unsigned done = 0; done < size;) {
    // The last thing before sending: a process that was frozen must not send one reply first.
    if (boot_time() >= valid_until_.load(std::memory_order_relaxed)) {
      count(Fate::kExpired, size - done);
      break;
    }
    unsigned sent = socket.send(replies_.messages() + done, size - done);
    count(Fate::kAnswered, sent);
    for (unsigned end = done + sent; done < end; done++)
      replies_.counters(done).responses.fetch_add(1, std::memory_order_relaxed);
    if (done == size) break;
    count(Fate::kSendFailed, 1);
    done++;
  }
  replies_.clear();
}

void Responder::count(Fate fate, uint64_t frames) {
  counts_[static_cast<size_t>(fate)].fetch_add(frames, std::memory_order_relaxed);
}
