#include "observation.h"

namespace {

constexpr int64_t kWindowNs = 100'000'000;
// All announcements of another node that takes a thousand addresses over.
constexpr size_t kMost = 1024;

}  // namespace

bool ObservationQueue::add(const Observation &observation, int64_t now) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (now >= window_end_) {
    told_.clear();
    window_end_ = now + kWindowNs;
  }
  if (told_.count(observation)) {
    repeated_++;
    return false;
  }
  if (told_.size() >= kMost || waiting_.size() >= kMost) {
    lost_++;
    return false;
  }
  told_.insert(observation);
  waiting_.push_back(observation);
  return true;
}

std::vector<Observation> ObservationQueue::take() {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Observation> taken;
  taken.swap(waiting_);
  return taken;
}

uint64_t ObservationQueue::repeated() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return repeated_;
}

uint64_t ObservationQueue::lost() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return lost_;
}
