// The binding: native classes and functions as src/wire/addon.ts declares them. Values in, values out; no policy.
#include <node_api.h>
#include <string.h>

#include <memory>
#include <optional>
#include <string>

#include "link_monitor.h"
#include "notifier.h"
#include "responder.h"
#include "system_error.h"

namespace {

constexpr size_t kRecordBytes = 20;
constexpr double kNanosecondsPerMillisecond = 1e6;
constexpr size_t kMaxArguments = 2;

using Arguments = std::array<napi_value, kMaxArguments>;

// A type error of our own TypeScript; not expected.
struct BadArgument : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void check(napi_status status, const char *what) {
  if (status != napi_ok) throw BadArgument(what);
}

// --- values in

double number_of(napi_env env, napi_value value) {
  double number = 0;
  check(napi_get_value_double(env, value, &number), "a number is expected");
  return number;
}

int index_of(napi_env env, napi_value value) { return static_cast<int>(number_of(env, value)); }

int64_t instant_of(napi_env env, napi_value value) {
  return static_cast<int64_t>(number_of(env, value) * kNanosecondsPerMillisecond);
}

Mac mac_of(napi_env env, napi_value value) {
  auto number = static_cast<uint64_t>(number_of(env, value));
  Mac mac;
  for (size_t i = 0; i < mac.size(); i++) mac[i] = static_cast<uint8_t>(number >> (8 * (5 - i)));
  return mac;
}

struct Bytes {
  const uint8_t *data;
  size_t size;
};

Bytes bytes_of(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t size = 0;
  void *data = nullptr;
  check(napi_get_typedarray_info(env, value, &type, &size, &data, nullptr, nullptr), "a Uint8Array is expected");
  if (type != napi_uint8_array) throw BadArgument("a Uint8Array is expected");
  return {static_cast<const uint8_t *>(data), size};
}

// --- values out

napi_value undefined(napi_env env) {
  napi_value value;
  napi_get_undefined(env, &value);
  return value;
}

napi_value boolean(napi_env env, bool truth) {
  napi_value value;
  napi_get_boolean(env, truth, &value);
  return value;
}

napi_value number(napi_env env, double number) {
  napi_value value;
  napi_create_double(env, number, &value);
  return value;
}

napi_value typed_array(napi_env env, napi_typedarray_type type, const void *data, size_t length, size_t width) {
  void *copy = nullptr;
  napi_value buffer, array;
  check(napi_create_arraybuffer(env, length * width, &copy, &buffer), "no memory");
  if (length > 0) memcpy(copy, data, length * width);
  check(napi_create_typedarray(env, type, length, buffer, 0, &array), "no memory");
  return array;
}

napi_value bytes(napi_env env, const std::vector<uint8_t> &content) {
  return typed_array(env, napi_uint8_array, content.data(), content.size(), 1);
}

// As Node's own errors, with `errno`, here positive; its name is given in TypeScript.
void throw_error(napi_env env, const SystemError &error) {
  napi_value message, exception;
  std::string text = std::string(error.what()) + ": " + strerror(error.code);
  napi_create_string_utf8(env, text.c_str(), text.size(), &message);
  napi_create_error(env, nullptr, message, &exception);
  napi_set_named_property(env, exception, "errno", number(env, error.code));
  napi_throw(env, exception);
}

// --- calls

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
      Native *native = static_cast<Handle *>(handle)->running_ ? &static_cast<Handle *>(handle)->running_->native : nullptr;
      if (native == nullptr) throw BadArgument("it was stopped");
      return body(*native, arguments);
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

using ResponderHandle = Handle<Responder>;
using LinkMonitorHandle = Handle<LinkMonitor>;

// --- Responder

napi_value open(napi_env env, napi_callback_info info) {
  return ResponderHandle::call(env, info, [env](Responder &responder, const Arguments &arguments) {
    responder.open(index_of(env, arguments[0]), mac_of(env, arguments[1]));
    return undefined(env);
  });
}

napi_value close(napi_env env, napi_callback_info info) {
  return ResponderHandle::call(env, info, [env](Responder &responder, const Arguments &arguments) {
    responder.close(index_of(env, arguments[0]));
    return undefined(env);
  });
}

napi_value install(napi_env env, napi_callback_info info) {
  return ResponderHandle::call(env, info, [env](Responder &responder, const Arguments &arguments) {
    Bytes records = bytes_of(env, arguments[0]);
    if (records.size % kRecordBytes != 0) throw BadArgument("records have 20 bytes");
    auto table = std::make_unique<HeldTable>();
    for (size_t at = 0; at < records.size; at += kRecordBytes) {
      const uint8_t *record = records.data + at;
      Address address;
      memcpy(address.data(), record, address.size());
      table->add(address, record[16] | record[17] << 8 | record[18] << 16 | record[19] << 24, responder.table());
    }
    responder.install(std::move(table));
    return undefined(env);
  });
}

napi_value extend(napi_env env, napi_callback_info info) {
  return ResponderHandle::call(env, info, [env](Responder &responder, const Arguments &arguments) {
    return boolean(env, responder.extend(instant_of(env, arguments[0])));
  });
}

napi_value resume(napi_env env, napi_callback_info info) {
  return ResponderHandle::call(env, info, [env](Responder &responder, const Arguments &arguments) {
    responder.resume(instant_of(env, arguments[0]));
    return undefined(env);
  });
}

// What passes by itself, or is told by the link monitor: the frame is lost, and that is all.
bool is_passing(int code) {
  return code == EAGAIN || code == ENOBUFS || code == ENETDOWN || code == ENXIO || code == ENODEV;
}

napi_value send(napi_env env, napi_callback_info info) {
  return ResponderHandle::call(env, info, [env](Responder &responder, const Arguments &arguments) {
    int interface_index = index_of(env, arguments[0]);
    Bytes frame = bytes_of(env, arguments[1]);
    int code = responder.send(interface_index, frame.data, frame.size);
    if (code != 0 && !is_passing(code))
      throw SystemError("send on interface " + std::to_string(interface_index), code);
    return boolean(env, code == 0);
  });
}

napi_value take_observations(napi_env env, napi_callback_info info) {
  return ResponderHandle::call(env, info, [env](Responder &responder, const Arguments &) {
    napi_value array;
    napi_create_array(env, &array);
    uint32_t length = 0;
    for (const Observation &observation : responder.take_observations()) {
      napi_value entry;
      napi_create_object(env, &entry);
      napi_set_named_property(env, entry, "interfaceIndex", number(env, observation.interface_index));
      napi_set_named_property(env, entry, "frame", bytes(env, observation.frame));
      napi_set_element(env, array, length++, entry);
    }
    return array;
  });
}

napi_value counters(napi_env env, napi_callback_info info) {
  return ResponderHandle::call(env, info, [env](Responder &responder, const Arguments &) {
    napi_value object;
    napi_create_object(env, &object);
    auto set = [&](const char *name, uint64_t count) {
      napi_set_named_property(env, object, name, number(env, static_cast<double>(count)));
    };
    for (size_t i = 0; i < kFateNames.size(); i++) set(kFateNames[i], responder.count(static_cast<Fate>(i)));
    set("dropped", responder.dropped());
    set("observationLost", responder.lost_observations());
    set("groupNotJoined", responder.groups_not_joined());
    return object;
  });
}

napi_value address_counters(napi_env env, napi_callback_info info) {
  return ResponderHandle::call(env, info, [env](Responder &responder, const Arguments &) {
    std::vector<double> counts;
    for (const AddressCounters *each : responder.table().counters()) {
      counts.push_back(static_cast<double>(each->requests.load(std::memory_order_relaxed)));
      counts.push_back(static_cast<double>(each->responses.load(std::memory_order_relaxed)));
    }
    return typed_array(env, napi_float64_array, counts.data(), counts.size(), sizeof(double));
  });
}

// --- functions

napi_value boot_time_ms(napi_env env, napi_callback_info) {
  return number(env, static_cast<double>(boot_time()) / kNanosecondsPerMillisecond);
}

napi_value try_packet_socket(napi_env env, napi_callback_info) {
  return guarded(env, [env] {
    ::try_packet_socket();
    return undefined(env);
  });
}

napi_value dump_links(napi_env env, napi_callback_info) {
  return guarded(env, [env] {
    napi_value array;
    napi_create_array(env, &array);
    uint32_t length = 0;
    for (const auto &datagram : ::dump_links()) napi_set_element(env, array, length++, bytes(env, datagram));
    return array;
  });
}

// --- module

napi_property_descriptor method(const char *name, napi_callback callback) {
  return {name, nullptr, callback, nullptr, nullptr, nullptr, napi_default_method, nullptr};
}

void define_class(napi_env env, napi_value exports, const char *name, napi_callback create,
                  const std::vector<napi_property_descriptor> &methods) {
  napi_value constructor;
  napi_define_class(env, name, NAPI_AUTO_LENGTH, create, nullptr, methods.size(), methods.data(), &constructor);
  napi_set_named_property(env, exports, name, constructor);
}

}  // namespace

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      method("bootTime", boot_time_ms),
      method("tryPacketSocket", try_packet_socket),
      method("dumpLinks", dump_links),
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  define_class(env, exports, "Responder", ResponderHandle::create,
               {
                   method("open", open),
                   method("close", close),
                   method("install", install),
                   method("extend", extend),
                   method("resume", resume),
                   method("send", send),
                   method("takeObservations", take_observations),
                   method("counters", counters),
                   method("addressCounters", address_counters),
                   method("stop", ResponderHandle::stop),
               });
  define_class(env, exports, "LinkMonitor", LinkMonitorHandle::create, {method("stop", LinkMonitorHandle::stop)});
  return exports;
}
