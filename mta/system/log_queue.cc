// Limits for waiting lines.
#include "mta/system/log_queue.h"

#include <utility>

#include "dns/async.h"

namespace mxpress::mta {
namespace {

LogEntry lost_entry(std::string_view event, std::uint64_t count, Priority priority) {
  const LogLine line = LogLine(priority, event).add("count", static_cast<std::int64_t>(count)).add("why", "the log was slower than we are");
  return {priority, true, Clock::current().wall(), line.text()};
}

std::size_t octets_of(const LogEntry& entry) { return octets_of_entry(entry.text.size()); }

}  // namespace

bool LogQueue::has_room(const LogEntry& entry) const {
  return entry.is_kept ? held_.kept_octets + octets_of(entry) <= limits_.most_octets : held_.lines < limits_.lines;
}

void LogQueue::push(LogEntry entry) {
  if (!has_room(entry)) {
    ++(entry.is_kept ? lost_kept_ : lost_);
    all_lost_kept_ += entry.is_kept ? 1 : 0;
    return;
  }
  if (entry.is_kept) {
    held_.kept_octets += octets_of(entry);
  } else {
    ++held_.lines;
  }
  waiting_.push_back(std::move(entry));
}

void LogQueue::take(std::vector<LogEntry>& batch) {
  batch.clear();
  batch.swap(waiting_);
  taken_ = held_;
  if (const auto count = std::exchange(lost_, 0); count > 0) batch.push_back(lost_entry("log-lines-lost", count, Priority::warning));
  if (const auto count = std::exchange(lost_kept_, 0); count > 0) batch.push_back(lost_entry("fate-lines-lost", count, Priority::error));
}

void LogQueue::done() {
  held_.lines -= taken_.lines;
  held_.kept_octets -= taken_.kept_octets;
  written_ += taken_.kept_octets;
  taken_ = {};
}

}  // namespace mxpress::mta
