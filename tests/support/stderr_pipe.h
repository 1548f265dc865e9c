// A pipe in place of stderr, for tests of the log: it is only read by the test.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "mta/system/log.h"

namespace mxpress::testing {

// Replaces stderr by a pipe for one test.
class StderrPipe {
 public:
  StderrPipe() : saved_(::dup(STDERR_FILENO)) {
    if (::pipe2(ends_, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    ::dup2(ends_[1], STDERR_FILENO);
  }
  ~StderrPipe() {
    restore();
    ::close(ends_[0]);
  }
  void restore() {
    if (saved_ < 0) return;
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
    ::close(ends_[1]);
    saved_ = -1;
  }
  // Everything written, once nobody can write any more.
  std::string read_all() {
    restore();
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = ::read(ends_[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
    return text;
  }
  // Everything up to the first `what`, or until nothing has come for long.
  std::string read_until(const std::string& what) {
    std::string text;
    char buffer[65536];
    pollfd ready{ends_[0], POLLIN, 0};
    while (text.find(what) == text.npos && ::poll(&ready, 1, 20'000) > 0) {
      const ssize_t n = ::read(ends_[0], buffer, sizeof buffer);
      if (n <= 0) break;
      text.append(buffer, static_cast<std::size_t>(n));
    }
    return text;
  }
  int write_end() const { return ends_[1]; }

 private:
  int saved_;
  int ends_[2] = {-1, -1};
};

// Discards log lines of earlier tests that wait for a writer.
inline void drop_waiting_lines() {
  const int saved = ::dup(STDERR_FILENO);
  const int nothing = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ::dup2(nothing, STDERR_FILENO);
  mta::start_log(mta::LogTarget::standard_error);
  mta::stop_log();
  ::dup2(saved, STDERR_FILENO);
  ::close(nothing);
  ::close(saved);
}

}  // namespace mxpress::testing
