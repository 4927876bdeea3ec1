// What takes the kernel long and nobody has to wait for, done by a thread of its own, one after the other.
#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

class DeferredWork {
 public:
  // Throws SystemError.
  DeferredWork();
  // When it returns, all that was added has been done, but for what could not be.
  ~DeferredWork();

  // `work` comes after what was added before. When it returns false it could not be done, and is tried again after a
  // second. What it holds is destroyed in that thread as well.
  void add(std::function<bool()> work);

 private:
  void loop();
  bool wait_for_work(std::unique_lock<std::mutex> &lock);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<bool()>> due_;
  std::deque<std::function<bool()>> failed_;
  std::chrono::steady_clock::time_point retry_at_;  // of those
  bool is_ending_ = false;
  std::thread thread_;  // last: everything else is there when it begins
};
