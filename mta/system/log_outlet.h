// The destination of log lines: standard error, in the form for a journal or a file, or syslog.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "mta/system/log.h"
#include "mta/system/log_queue.h"

namespace mxpress::mta {

// RFC 3339 in UTC, milliseconds. Lines of one second share everything except those.
class LogStamp {
 public:
  void append(std::string& out, WallTime time);

 private:
  void write(std::chrono::sys_seconds seconds);
  std::chrono::sys_seconds seconds_{};
  std::string text_;
};

// Thread: the log writer's, which it may block as long as the destination accepts nothing.
class LogOutlet {
 public:
  // `is_stopping` tells if it should give up when there is no room; any thread.
  LogOutlet(LogTarget target, std::function<bool()> is_stopping);
  // In one piece if the destination allows that. False: given up.
  bool write(const std::vector<LogEntry>& batch);

 private:
  enum class Kind { file, socket, other };
  static Kind kind_of_stderr();
  bool write(const LogEntry& entry);
  bool flush();
  bool write_to_stderr(std::string_view rest);
  bool wait_for_room();

  const LogTarget target_;
  const std::function<bool()> is_stopping_;
  const bool journal_;
  const Kind kind_;
  const std::size_t most_;  // octets written at once
  LogStamp stamp_;
  std::string together_;
};

}  // namespace mxpress::mta
