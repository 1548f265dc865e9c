// The log: one line per event, key=value, queue id first. Written by one thread; never blocks the logging threads.
//
// A line about a message (with its id) or about an action of an operator is kept: it waits for the writer without loss. While too many
// octets of lines about one owner's messages wait (log_room.h), intake accepts no more of his mail (log_wait.h), and none of his deliveries
// begins. Other lines are dropped and counted when too many wait; lines that a peer can cause at will are limited for each peer
// (log_limit.h). docs/budgets.md has the figures.
#pragma once

#include <exception>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "mta/system/log_room.h"
#include "proto/queue_id.h"
#include "proto/time.h"

namespace mxpress::mta {

enum class Priority { alert = 1, error = 3, warning = 4, notice = 5, info = 6, debug = 7 };  // syslog's numbers

// Builds "ID event key=value key="value with spaces"". Control characters are removed from values, and their length is limited.
class LogLine {
 public:
  // `event`: a word of ours.
  LogLine(Priority priority, std::string_view event);
  LogLine(Priority priority, proto::QueueId id, std::string_view event);

  LogLine& add(std::string_view key, std::string_view value);
  LogLine& add(std::string_view key, std::int64_t value);
  LogLine& add(std::string_view key, Duration value);  // seconds with three decimals
  // One value in pieces: key=<a@b.example>
  LogLine& add_joined(std::string_view key, std::initializer_list<std::string_view> pieces);
  // The line is not dropped although it has no id: it is about the fate of messages.
  LogLine& keep() {
    is_kept_ = true;
    return *this;
  }
  // Announces the line: it is reported to somebody besides the log, like lines with Priority::alert. Call it before the first add().
  LogLine& announce();
  struct Field {
    std::string key, value;
  };
  // For an announced line: its event first, then its fields, cleaned. Else empty.
  const std::vector<Field>& announced() const { return announced_; }
  Priority priority() const { return priority_; }
  bool is_kept() const { return is_kept_; }
  const std::string& text() const { return text_; }
  std::string take_text() { return std::move(text_); }

 private:
  Priority priority_;
  bool is_kept_ = false;  // with an id: true
  std::string text_;
  std::vector<Field> announced_;
};

std::string_view name_of(Priority priority);

// Passes the line to the log in use. Any thread; never blocks.
void log(const LogLine& line);
// The same for a line that holds this room until it and all lines before it are written.
void log(LogLine line, LogRoom::Hold room);
// Logs an exception that reached the end of a coroutine, which is a bug, with its subject. Does nothing for a null pointer.
void log_bug(std::string_view about, std::exception_ptr error);

// The writer's backlog of kept lines.
struct LogBacklog {
  std::uint64_t waiting = 0;  // octets
  std::uint64_t written = 0;  // octets so far, including given up ones
  std::uint64_t lost = 0;     // kept lines that did not fit
};
// Any thread. Zero while no writer runs.
LogBacklog log_backlog();

enum class LogTarget { standard_error, syslog };  // foreground: journald priorities "<6>"; daemon: facility mail
// Starts the writer thread. stop_log() writes the remaining lines and ends it.
void start_log(LogTarget target);
void stop_log();
// Sets the receiver of announced lines. It is called on the logging thread, and must neither block nor log. Without one, up to 20 lines are
// kept for the next. Any thread.
using Announcement = std::function<void(const std::vector<LogLine::Field>&)>;
void announce_to(Announcement told);

// For tests: a sink instead of the writer; nullptr ends it.
void capture_log(void (*sink)(const LogLine& line, void* context), void* context);

}  // namespace mxpress::mta
