// JavaScript values to C++ and back.
#pragma once
#include <node_api.h>
#include <string.h>

#include <stdexcept>

#include "address.h"

// A type error of our own TypeScript; not expected.
struct BadArgument : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void check(napi_status status, const char *what) {
  if (status != napi_ok) throw BadArgument(what);
}

// --- values in

inline double number_of(napi_env env, napi_value value) {
  double number = 0;
  check(napi_get_value_double(env, value, &number), "a number is expected");
  return number;
}

inline int index_of(napi_env env, napi_value value) { return static_cast<int>(number_of(env, value)); }

constexpr double kNanosecondsPerMillisecond = 1e6;

// From ms to ns.
inline int64_t instant_of(napi_env env, napi_value value) {
  return static_cast<int64_t>(number_of(env, value) * kNanosecondsPerMillisecond);
}

inline Mac mac_of(napi_env env, napi_value value) {
  auto number = static_cast<uint64_t>(number_of(env, value));
  Mac mac;
  for (size_t i = 0; i < mac.size(); i++) mac[i] = static_cast<uint8_t>(number >> (8 * (5 - i)));
  return mac;
}

struct Bytes {
  const uint8_t *data;
  size_t size;
};

inline Bytes bytes_of(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t size = 0;
  void *data = nullptr;
  check(napi_get_typedarray_info(env, value, &type, &size, &data, nullptr, nullptr), "a Uint8Array is expected");
  if (type != napi_uint8_array) throw BadArgument("a Uint8Array is expected");
  return {static_cast<const uint8_t *>(data), size};
}

// --- values out

inline napi_value undefined(napi_env env) {
  napi_value value;
  napi_get_undefined(env, &value);
  return value;
}

inline napi_value boolean(napi_env env, bool truth) {
  napi_value value;
  napi_get_boolean(env, truth, &value);
  return value;
}

inline napi_value number(napi_env env, double number) {
  napi_value value;
  napi_create_double(env, number, &value);
  return value;
}

inline napi_value typed_array(napi_env env, napi_typedarray_type type, const void *data, size_t length, size_t width) {
  void *copy = nullptr;
  napi_value buffer, array;
  check(napi_create_arraybuffer(env, length * width, &copy, &buffer), "no memory");
  if (length > 0) memcpy(copy, data, length * width);
  check(napi_create_typedarray(env, type, length, buffer, 0, &array), "no memory");
  return array;
}

inline napi_value bytes(napi_env env, const uint8_t *data, size_t size) {
  return typed_array(env, napi_uint8_array, data, size, 1);
}

inline double number_of(const Mac &mac) {
  uint64_t number = 0;
  for (uint8_t byte : mac) number = number << 8 | byte;
  return static_cast<double>(number);
}
