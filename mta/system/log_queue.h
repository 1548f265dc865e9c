// The lines that wait for the log writer: lines about the fate of a message are kept, the number of others is limited.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mta/system/log.h"

namespace mxpress::mta {

struct LogEntry {
  Priority priority = Priority::info;
  bool is_kept = false;  // LogLine::is_kept()
  WallTime time{};
  std::string text;
  LogRoom::Hold room{};  // of this line and those before it; given back when it is written
};

// Waiting lines include those that the writer has taken and not finished.
struct LogLimits {
  std::size_t lines = 10'000;           // not kept ones; further ones are dropped and counted
  std::size_t most_octets = 64u << 20;  // of kept lines; beyond it even such a line is lost and counted. Rooms keep the queue below it
};

// Not thread-safe. Lines keep their order.
class LogQueue {
 public:
  explicit LogQueue(const LogLimits& limits = {}) : limits_(limits) {}

  void push(LogEntry entry);
  // Moves all waiting lines into `batch`, with a line about lost ones.
  void take(std::vector<LogEntry>& batch);
  // The taken lines have been written, or given up.
  void done();

  bool is_empty() const { return waiting_.empty() && lost_ + lost_kept_ == 0; }
  std::size_t size() const { return waiting_.size(); }
  LogBacklog backlog() const { return {held_.kept_octets, written_, all_lost_kept_}; }

 private:
  struct Weight {
    std::size_t lines = 0, kept_octets = 0;
  };
  bool has_room(const LogEntry& entry) const;

  const LogLimits limits_;
  std::vector<LogEntry> waiting_;
  Weight held_, taken_;                     // held_ includes taken_
  std::uint64_t written_ = 0;               // octets of kept lines
  std::uint64_t lost_ = 0, lost_kept_ = 0;  // not reported yet
  std::uint64_t all_lost_kept_ = 0;
};

// The memory of an entry with a text of this size.
constexpr std::uint64_t octets_of_entry(std::size_t text) { return sizeof(LogEntry) + text; }

}  // namespace mxpress::mta
