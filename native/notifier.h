// Calls a JavaScript function, without arguments, from any thread. Calls that come before it ran become one.
#pragma once
#include <node_api.h>

class Notifier {
 public:
  Notifier(napi_env env, napi_value callback) {
    napi_value name;
    napi_create_string_utf8(env, "typemetal", NAPI_AUTO_LENGTH, &name);
    napi_create_threadsafe_function(env, callback, nullptr, name, 1, 1, nullptr, nullptr, nullptr, nullptr, &function_);
    napi_unref_threadsafe_function(env, function_);  // it does not keep the process alive
  }
  // No other thread may call any more.
  ~Notifier() { napi_release_threadsafe_function(function_, napi_tsfn_abort); }
  Notifier(const Notifier &) = delete;
  Notifier &operator=(const Notifier &) = delete;

  void operator()() const { napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking); }

 private:
  napi_threadsafe_function function_ = nullptr;
};
