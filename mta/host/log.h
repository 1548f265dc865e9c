// The log: one line an event, key=value, queue id first. Written by one thread; never blocks whoever logs.
#pragma once

#include <string>
#include <string_view>

#include "proto/queue_id.h"
#include "proto/time.h"

namespace mxpress::mta {

enum class Priority { alert = 1, error = 3, warning = 4, notice = 5, info = 6, debug = 7 };  // syslog's numbers

// Builds "ID event key=value key="value with spaces"". Values are cleaned of control characters and bounded.
class LogLine {
 public:
  LogLine(Priority priority, std::string_view event);
  LogLine(Priority priority, proto::QueueId id, std::string_view event);

  LogLine& add(std::string_view key, std::string_view value);
  LogLine& add(std::string_view key, std::int64_t value);
  LogLine& add(std::string_view key, Duration value);  // seconds with three decimals
  Priority priority() const { return priority_; }
  const std::string& text() const { return text_; }

 private:
  Priority priority_;
  std::string text_;
};

// Hands the line to the log in force. Any thread; never blocks: when the writer cannot keep up, lines are counted and dropped,
// and the count is logged later.
void log(const LogLine& line);

enum class LogTarget { standard_error, syslog };  // foreground: journald priorities "<6>"; daemon: facility mail
// Starts the writer thread. stop_log() writes what is left and ends it.
void start_log(LogTarget target);
void stop_log();
// For tests: a sink instead of the writer; nullptr ends it.
void capture_log(void (*sink)(const LogLine& line, void* context), void* context);

}  // namespace mxpress::mta
