// A system call that failed: which one, on what, and the errno.
#pragma once
#include <cerrno>
#include <stdexcept>
#include <string>

struct SystemError : std::runtime_error {
  int code;
  explicit SystemError(const std::string &what, int code = errno) : std::runtime_error(what), code(code) {}
};
