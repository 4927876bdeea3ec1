// Starts a thread that takes no signals: those are for Node's own.
#pragma once
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <system_error>
#include <thread>

#include "system_error.h"

constexpr uint64_t kShortestSliceNs = 100'000;

// `name` is what `ps -T` shows. Throws SystemError.
template <typename Body>
std::thread start_thread(const char *name, Body body) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = 0;
  std::thread thread;
  try {
    thread = std::thread(body);
    pthread_setname_np(thread.native_handle(), name);
  } catch (const std::system_error &failure) {
    error = failure.code().value();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) throw SystemError(std::string("thread ") + name, error);
  return thread;
}

// Asks the scheduler to run this thread soon after it wakes, and only briefly: since Linux 6.12 who asks for a shorter
// slice goes first. Older ones ignore it.
inline void request_short_slices() {
  struct {  // struct sched_attr, which not every C library has
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t slice_ns, deadline_ns, period_ns;
  } attributes = {sizeof attributes, SCHED_OTHER, 0, getpriority(PRIO_PROCESS, 0), 0, kShortestSliceNs, 0, 0};
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}
