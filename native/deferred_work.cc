#include "deferred_work.h"

#include "thread.h"

namespace {

constexpr std::chrono::seconds kRetry(1);

}  // namespace

DeferredWork::DeferredWork() : thread_(start_thread("deferred-work", [this] { loop(); })) {}

DeferredWork::~DeferredWork() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void DeferredWork::add(std::function<bool()> work) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    due_.push_back(std::move(work));
  }
  changed_.notify_one();
}

void DeferredWork::loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (wait_for_work(lock)) {
    std::function<bool()> work = std::move(due_.front());
    due_.pop_front();
    lock.unlock();
    if (work()) work = nullptr;
    lock.lock();
    if (!work) continue;
    failed_.push_back(std::move(work));
    retry_at_ = std::chrono::steady_clock::now() + kRetry;
  }
}

// False: it is the end.
bool DeferredWork::wait_for_work(std::unique_lock<std::mutex> &lock) {
  const auto is_woken = [this] { return is_ending_ || !due_.empty(); };
  if (failed_.empty())
    changed_.wait(lock, is_woken);
  else if (!changed_.wait_until(lock, retry_at_, is_woken))
    due_.swap(failed_);
  return !due_.empty();
}
