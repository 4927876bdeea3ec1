// Replies that wait to be sent together: one system call for as many as there are.
#pragma once
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "address_table.h"
#include "ndp.h"

class Outbox {
 public:
  static constexpr unsigned kCapacity = 64;

  Outbox() {
    for (unsigned i = 0; i < kCapacity; i++) {
      parts_[i] = {replies_[i].data(), 0};
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  Outbox(const Outbox &) = delete;
  Outbox &operator=(const Outbox &) = delete;

  // At most `kCapacity` before `clear`.
  void add(const uint8_t *reply, size_t size, AddressCounters *counters) {
    memcpy(replies_[size_].data(), reply, size);
    parts_[size_].iov_len = size;
    counters_[size_++] = counters;
  }

  unsigned size() const { return size_; }
  mmsghdr *messages() { return messages_.data(); }
  AddressCounters &counters(unsigned index) { return *counters_[index]; }
  void clear() { size_ = 0; }

 private:
  unsigned size_ = 0;
  std::array<std::array<uint8_t, ndp::kFrameBytes>, kCapacity> replies_;
  std::array<iovec, kCapacity> parts_ = {};
  std::array<mmsghdr, kCapacity> messages_ = {};
  std::array<AddressCounters *, kCapacity> counters_;
};
