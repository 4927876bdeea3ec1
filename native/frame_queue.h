// Frames on their way to JavaScript: bounded, because anybody on the LAN may send them. Made for one thread that adds,
// and one that takes.
#pragma once
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "frame.h"

struct QueuedFrame {
  int interface_index;
  std::vector<uint8_t> bytes;
};

class FrameQueue {
 public:
  explicit FrameQueue(size_t capacity) : capacity_(capacity) {}

  // True when nobody has been told yet that something waits.
  bool add(int interface_index, const Frame &frame) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (waiting_.size() == capacity_) {
      lost_++;
      return false;
    }
    waiting_.push_back({interface_index, {frame.bytes, frame.bytes + frame.captured}});
    return waiting_.size() == 1;
  }

  std::vector<QueuedFrame> take() {
    std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(waiting_, {});
  }

  // Not handed on: too many.
  uint64_t lost() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return lost_;
  }

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::vector<QueuedFrame> waiting_;
  uint64_t lost_ = 0;
};
