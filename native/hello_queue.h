// The hellos of other speakers on their way to JavaScript: bounded, because anybody on the LAN may send frames to their
// group. Made for one thread that adds, and one that takes.
#pragma once
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "frame.h"

struct HelloFrame {
  int interface_index;
  std::vector<uint8_t> bytes;
};

class HelloQueue {
 public:
  // True when nobody has been told yet that something waits.
  bool add(int interface_index, const Frame &frame) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (waiting_.size() == kMaxWaiting) {
      lost_++;
      return false;
    }
    waiting_.push_back({interface_index, {frame.bytes, frame.bytes + frame.captured}});
    return waiting_.size() == 1;
  }

  std::vector<HelloFrame> take() {
    std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(waiting_, {});
  }

  // Not handed on: too many.
  uint64_t lost() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return lost_;
  }

 private:
  // A second's worth of the most that a segment sees.
  static constexpr size_t kMaxWaiting = 1024;

  mutable std::mutex mutex_;
  std::vector<HelloFrame> waiting_;
  uint64_t lost_ = 0;
};
