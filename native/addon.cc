// The binding: native classes and functions as src/wire/addon.ts declares them. Values in, values out; no policy.
#include <node_api.h>

#include "handle.h"
#include "link_monitor.h"
#include "responder.h"
#include "values.h"

namespace {

constexpr size_t kRecordBytes = 21;
using ResponderHandle = Handle<Responder>;
using LinkMonitorHandle = Handle<LinkMonitor>;

// --- Responder

void set_count(napi_env env, napi_value object, const char *name, uint64_t count) {
  napi_set_named_property(env, object, name, number(env, static_cast<double>(count)));
}

napi_value open(napi_env env, napi_callback_info info) {
  return ResponderHandle::call(env, info, [env](Responder &responder, const Arguments &arguments) {
    responder.open({index_of(env, arguments[0]), mac_of(env, arguments[1])});
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
    if (records.size % kRecordBytes != 0) throw BadArgument("records have 21 bytes");
    auto table = std::make_unique<AddressTable>();
    for (size_t at = 0; at < records.size; at += kRecordBytes) {
      const uint8_t *record = records.data + at;
      Address address;
      memcpy(address.data(), record, address.size());
      int index = record[16] | record[17] << 8 | record[18] << 16 | record[19] << 24;
      table->add(address, index, record[20] ? Role::kWatched : Role::kHeld, responder.table());
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

// What passes by itself, or is told by the link monitor (also an MTU too small): the frame is lost, and that is all.
bool is_passing(int code) {
  return code == EAGAIN || code == ENOBUFS || code == ENETDOWN || code == ENXIO || code == ENODEV || code == EMSGSIZE;
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
    for (const Observation &observation : responder.observations().take()) {
      napi_value entry;
      napi_create_object(env, &entry);
      napi_set_named_property(env, entry, "interfaceIndex", number(env, observation.interface_index));
      const Address &address = observation.address;
      napi_set_named_property(env, entry, "address", bytes(env, address.data(), address.size()));
      napi_set_named_property(env, entry, "mac", number(env, number_of(observation.mac)));
      napi_set_named_property(env, entry, "kind", number(env, static_cast<double>(observation.kind)));
      napi_set_element(env, array, length++, entry);
    }
    return array;
  });
}

napi_value frames_of(napi_env env, const std::vector<QueuedFrame> &frames) {
  napi_value array;
  napi_create_array(env, &array);
  uint32_t length = 0;
  for (const QueuedFrame &frame : frames) {
    napi_value entry;
    napi_create_object(env, &entry);
    napi_set_named_property(env, entry, "interfaceIndex", number(env, frame.interface_index));
    napi_set_named_property(env, entry, "bytes", bytes(env, frame.bytes.data(), frame.bytes.size()));
    napi_set_element(env, array, length++, entry);
  }
  return array;
}

napi_value take_hellos(napi_env env, napi_callback_info info) {
  return ResponderHandle::call(env, info, [env](Responder &responder, const Arguments &) {
    return frames_of(env, responder.hellos().take());
  });
}

napi_value take_queries(napi_env env, napi_callback_info info) {
  return ResponderHandle::call(env, info, [env](Responder &responder, const Arguments &) {
    return frames_of(env, responder.queries().take());
  });
}

napi_value frame_counters(napi_env env, napi_callback_info info) {
  return ResponderHandle::call(env, info, [env](Responder &responder, const Arguments &) {
    napi_value object;
    napi_create_object(env, &object);
    for (size_t i = 0; i < kFateNames.size(); i++)
      set_count(env, object, kFateNames[i], responder.count(static_cast<Fate>(i)));
    return object;
  });
}

napi_value losses(napi_env env, napi_callback_info info) {
  return ResponderHandle::call(env, info, [env](Responder &responder, const Arguments &) {
    napi_value object;
    napi_create_object(env, &object);
    set_count(env, object, "ringFull", responder.dropped());
    set_count(env, object, "observationsRepeated", responder.observations().repeated());
    set_count(env, object, "observationsLost", responder.observations().lost());
    set_count(env, object, "hellosLost", responder.hellos().lost());
    set_count(env, object, "queriesLost", responder.queries().lost());
    set_count(env, object, "groupsNotJoined", responder.groups_not_joined());
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

// --- LinkMonitor

napi_value datagrams_of(napi_env env, const Datagrams &datagrams) {
  napi_value array;
  napi_create_array(env, &array);
  uint32_t length = 0;
  for (const auto &datagram : datagrams)
    napi_set_element(env, array, length++, bytes(env, datagram.data(), datagram.size()));
  return array;
}

napi_value take_change(napi_env env, napi_callback_info info) {
  return LinkMonitorHandle::call(env, info, [env](LinkMonitor &monitor, const Arguments &) {
    return boolean(env, monitor.take_change());
  });
}

napi_value read(napi_env env, napi_callback_info info) {
  return LinkMonitorHandle::call(env, info, [env](LinkMonitor &monitor, const Arguments &) {
    monitor.read();
    return undefined(env);
  });
}

napi_value take_reading(napi_env env, napi_callback_info info) {
  return LinkMonitorHandle::call(env, info, [env](LinkMonitor &monitor, const Arguments &) {
    auto reading = monitor.take_reading();
    return reading ? datagrams_of(env, *reading) : undefined(env);
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
  return guarded(env, [env] { return datagrams_of(env, ::dump_links()); });
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
                   method("takeHellos", take_hellos),
                   method("takeQueries", take_queries),
                   method("frameCounters", frame_counters),
                   method("losses", losses),
                   method("addressCounters", address_counters),
                   method("stop", ResponderHandle::stop),
               });
  define_class(env, exports, "LinkMonitor", LinkMonitorHandle::create,
               {
                   method("takeChange", take_change),
                   method("read", read),
                   method("takeReading", take_reading),
                   method("stop", LinkMonitorHandle::stop),
               });
  return exports;
}
