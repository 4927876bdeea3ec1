// Starts a thread that takes no signals: those are for Node's own.
#pragma once
#include <pthread.h>
#include <signal.h>

#include <system_error>
#include <thread>

#include "system_error.h"

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
