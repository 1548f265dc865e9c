// The log: one line an event, key=value, queue id first. Written by one thread; never blocks whoever logs.
//
// A line about a message (with its id) or about what an operator did is kept: it waits for the writer without loss. While many octets of
// lines about the messages of one owner wait (log_room.h), intake takes no more mail of his (log_wait.h), and none of his deliveries
// begins. Other lines are dropped and counted when too many wait; those that a peer can cause as often as it likes are limited for each
// peer (log_limit.h). docs/budgets.md has the figures.
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

// Builds "ID event key=value key="value with spaces"". Values are cleaned of control characters and bounded.
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
  // It tells the fate of messages, although it has no id: it is not dropped.
  LogLine& keep() {
    is_kept_ = true;
    return *this;
  }
  // Somebody is told of it besides the log, as of lines with Priority::alert. Before the first add().
  LogLine& announce();
  struct Field {
    std::string key, value;
  };
  // Of a line that is announced: its event as the first, cleaned. Else empty.
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

// Hands the line to the log in force. Any thread; never blocks.
void log(const LogLine& line);
// The same for a line that holds this room until it is written, and those before it.
void log(LogLine line, LogRoom::Hold room);
// An exception that reached the end of a coroutine: a bug, told with what it was about. Nothing for a null pointer.
void log_bug(std::string_view about, std::exception_ptr error);

// How far the writer is behind with lines that are kept.
struct LogBacklog {
  std::uint64_t waiting = 0;  // octets
  std::uint64_t written = 0;  // octets so far, or given up
  std::uint64_t lost = 0;     // lines that are kept, and did not fit
};
// Any thread. Nothing waits while no writer runs.
LogBacklog log_backlog();

enum class LogTarget { standard_error, syslog };  // foreground: journald priorities "<6>"; daemon: facility mail
// Starts the writer thread. stop_log() writes what is left and ends it.
void start_log(LogTarget target);
void stop_log();
// Sets the function that is told of lines that are announced. It is called on the thread that logs, and must neither block nor log. Without
// one, up to 20 lines are kept for the next. Any thread.
using Announcement = std::function<void(const std::vector<LogLine::Field>&)>;
void announce_to(Announcement told);

// For tests: a sink instead of the writer; nullptr ends it.
void capture_log(void (*sink)(const LogLine& line, void* context), void* context);

}  // namespace mxpress::mta
