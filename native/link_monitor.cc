#include "link_monitor.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "system_error.h"
#include "thread.h"

namespace {

constexpr unsigned kGroups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
// The kernel fills at most 32 KiB.
constexpr size_t kDatagramBytes = 65536;
constexpr time_t kDeadlineSeconds = 2;
// A dump that a change interrupts is incomplete and asked for again.
constexpr int kAttempts = 3;

struct LinkRequest {
  nlmsghdr header = {sizeof(LinkRequest), RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0};
  ifinfomsg link = {};
  rtattr attribute = {RTA_LENGTH(sizeof(uint32_t)), IFLA_EXT_MASK};
  uint32_t mask = RTEXT_FILTER_SKIP_STATS;
};

struct AddressRequest {
  nlmsghdr header = {sizeof(AddressRequest), RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 2, 0};
  ifaddrmsg address = {};
};

int open_netlink(int flags, unsigned groups) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE);
  if (fd < 0) throw SystemError("socket NETLINK_ROUTE");
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) {
    SystemError error("bind NETLINK_ROUTE");
    close(fd);
    throw error;
  }
  return fd;
}

enum class Progress { kMore, kDone, kInterrupted };

Progress progress_of(const std::vector<uint8_t> &datagram) {
  auto header = reinterpret_cast<const nlmsghdr *>(datagram.data());
  int rest = static_cast<int>(datagram.size());
  for (; NLMSG_OK(header, rest); header = NLMSG_NEXT(header, rest)) {
    if (header->nlmsg_flags & NLM_F_DUMP_INTR) return Progress::kInterrupted;
    if (header->nlmsg_type == NLMSG_DONE) return Progress::kDone;
    if (header->nlmsg_type == NLMSG_ERROR) {
      auto error = static_cast<const nlmsgerr *>(NLMSG_DATA(header));
      throw SystemError("rtnetlink dump", -error->error);
    }
  }
  return Progress::kMore;
}

// False when it was interrupted.
template <typename Request>
bool dump(const Request &request, const std::atomic<bool> &is_cancelled, Datagrams *datagrams) {
  Descriptor fd(open_netlink(0, 0));
  timeval deadline = {kDeadlineSeconds, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  if (send(fd, &request, sizeof request, 0) < 0) throw SystemError("send to rtnetlink");
  std::vector<uint8_t> buffer(kDatagramBytes);
  for (;;) {
    if (is_cancelled) throw SystemError("rtnetlink dump", ECANCELED);
    ssize_t size = recv(fd, buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw SystemError("recv from rtnetlink");
    std::vector<uint8_t> datagram(buffer.begin(), buffer.begin() + size);
    Progress progress = progress_of(datagram);
    if (progress == Progress::kInterrupted) return false;
    datagrams->push_back(std::move(datagram));
    if (progress == Progress::kDone) return true;
  }
}

Datagrams dump_unless(const std::atomic<bool> &is_cancelled) {
  for (int attempt = 0; attempt < kAttempts; attempt++) {
    Datagrams datagrams;
    if (dump(LinkRequest{}, is_cancelled, &datagrams) && dump(AddressRequest{}, is_cancelled, &datagrams))
      return datagrams;
  }
  throw SystemError("rtnetlink dump: interfaces change faster than they can be read", EAGAIN);
}

}  // namespace

Datagrams dump_links() {
  const std::atomic<bool> is_cancelled{false};
  return dump_unless(is_cancelled);
}

LinkMonitor::LinkMonitor(std::function<void()> on_news)
    : on_news_(std::move(on_news)),
      netlink_(open_netlink(SOCK_NONBLOCK, kGroups)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ < 0) throw SystemError("eventfd");
  thread_ = start_thread("link-monitor", [this] { loop(); });
}

LinkMonitor::~LinkMonitor() {
  is_stopping_ = true;
  eventfd_write(wake_, 1);
  thread_.join();
}

bool LinkMonitor::take_change() { return has_changed_.exchange(false); }

void LinkMonitor::read() {
  has_changed_ = false;
  eventfd_write(wake_, 1);
}

std::optional<Datagrams> LinkMonitor::take_reading() {
  std::optional<Reading> taken;
  {
    std::lock_guard<std::mutex> lock(reading_mutex_);
    taken.swap(reading_);
  }
  if (!taken) return std::nullopt;
  if (taken->failure) std::rethrow_exception(taken->failure);
  return std::move(taken->datagrams);
}

void LinkMonitor::loop() {
  pollfd fds[] = {{netlink_, POLLIN, 0}, {wake_, POLLIN, 0}};
  for (;;) {
    poll(fds, 2, -1);
    if (is_stopping_) return;
    // First: what they tell of is in the reading, and what comes during it leads to another one.
    discard_messages();
    if (fds[1].revents)
      do_reading();
    else
      has_changed_ = true;
    on_news_();
  }
}

void LinkMonitor::do_reading() {
  eventfd_t ignored;
  eventfd_read(wake_, &ignored);
  Reading reading;
  try {
    reading.datagrams = dump_unless(is_stopping_);
  } catch (...) {
    reading.failure = std::current_exception();
  }
  std::lock_guard<std::mutex> lock(reading_mutex_);
  reading_ = std::move(reading);
}

// Also clears ENOBUFS: messages lost mean a change as well.
void LinkMonitor::discard_messages() {
  static thread_local uint8_t buffer[kDatagramBytes];
  while (recv(netlink_, buffer, sizeof buffer, 0) >= 0 || errno == EINTR || errno == ENOBUFS) {
  }
}
