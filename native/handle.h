// Native objects behind JavaScript objects, and calls into them: life cycle and errors, for any class.
#pragma once
#include <node_api.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "notifier.h"
#include "system_error.h"
#include "values.h"

constexpr size_t kMaxArguments = 2;
using Arguments = std::array<napi_value, kMaxArguments>;

// As Node's own errors, with `errno`, here positive; its name is given in TypeScript.
inline void throw_error(napi_env env, const SystemError &error) {
  napi_value message, exception;
  std::string text = std::string(error.what()) + ": " + strerror(error.code);
  napi_create_string_utf8(env, text.c_str(), text.size(), &message);
  napi_create_error(env, nullptr, message, &exception);
  napi_set_named_property(env, exception, "errno", number(env, error.code));
  napi_throw(env, exception);
}

// Runs `body` and turns what it throws into JavaScript's errors: no C++ exception may cross into Node.
template <typename Body>
napi_value guarded(napi_env env, Body body) {
  try {
    return body();
  } catch (const SystemError &error) {
    throw_error(env, error);
  } catch (const BadArgument &error) {
    napi_throw_type_error(env, nullptr, error.what());
  } catch (const std::exception &error) {
    napi_throw_error(env, nullptr, error.what());
  }
  return nullptr;
}

// What a JavaScript object of ours stands for. It ends with `stop`, with the object, or with its thread of Node,
// whatever comes first.
template <typename Native>
class Handle {
 public:
  static napi_value create(napi_env env, napi_callback_info info) {
    return guarded(env, [&] {
      Arguments arguments;
      size_t count = arguments.size();
      napi_value self;
      napi_get_cb_info(env, info, &count, arguments.data(), &self, nullptr);
      auto handle = std::make_unique<Handle>(env, arguments[0]);
      check(napi_wrap(env, self, handle.get(), [](napi_env, void *data, void *) { delete static_cast<Handle *>(data); },
                      nullptr, nullptr),
            "not a constructor call");
      handle.release();
      return self;
    });
  }

  // A method: `body` gets the native object, unless it was stopped, and the arguments.
  template <typename Body>
  static napi_value call(napi_env env, napi_callback_info info, Body body) {
    return guarded(env, [&] {
      Arguments arguments;
      size_t count = arguments.size();
      napi_value self;
      void *handle = nullptr;
      napi_get_cb_info(env, info, &count, arguments.data(), &self, nullptr);
      check(napi_unwrap(env, self, &handle), "not one of our objects");
      auto &running = static_cast<Handle *>(handle)->running_;
      if (!running) throw BadArgument("it was stopped");
      return body(running->native, arguments);
    });
  }

  static napi_value stop(napi_env env, napi_callback_info info) {
    napi_value self;
    size_t count = 0;
    void *handle = nullptr;
    napi_get_cb_info(env, info, &count, nullptr, &self, nullptr);
    if (napi_unwrap(env, self, &handle) == napi_ok) static_cast<Handle *>(handle)->end();
    return undefined(env);
  }

  Handle(napi_env env, napi_value callback) : env_(env) {
    running_.emplace(env, callback);
    napi_add_env_cleanup_hook(env, on_exit, this);
  }
  ~Handle() { end(); }

 private:
  // In this order: the native object's thread ends before what it notifies.
  struct Running {
    Notifier notifier;
    Native native;
    Running(napi_env env, napi_value callback) : notifier(env, callback), native([this] { notifier(); }) {}
  };

  static void on_exit(void *handle) { static_cast<Handle *>(handle)->running_.reset(); }

  void end() {
    if (!running_) return;
    napi_remove_env_cleanup_hook(env_, on_exit, this);
    running_.reset();
  }

  napi_env env_;
  std::optional<Running> running_;
};
