// Limits the log lines that one peer can cause, and counts the rest exactly.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dns/async.h"
#include "mta/fairness/owner.h"
#include "mta/system/log.h"

namespace mxpress::mta {

// A peer may cause `lines` lines within `window`, which begins with its first. Further ones are counted by event, and reported in one line
// for each event when the window has ended: written and counted lines together are exact. Not thread-safe.
class PeerLines {
 public:
  struct Limits {
    std::uint64_t lines = 30;
    std::chrono::seconds window{60};
    std::size_t peers = 1000;  // with a limit of their own at a time; others share one
  };
  PeerLines() : PeerLines(Limits{}) {}
  explicit PeerLines(const Limits& limits) : limits_(limits) {}

  // True if this peer may cause one more line now; otherwise it is counted.
  bool allow(const fairness::Owner& peer, std::string_view event, BootTime now);
  // Reports windows that have ended, and forgets them. `repeated event=rejected by="uid 33" count=12000 seconds=60`
  std::vector<LogLine> ended(BootTime now);
  // The same for all windows, whether they have ended or not.
  std::vector<LogLine> all(BootTime now);
  std::size_t peers() const { return of_peer_.size() + (others_.count > 0 ? 1 : 0); }

 private:
  struct Window {
    BootTime begin{};
    std::uint64_t count = 0;                                        // allowed lines
    std::map<std::string, std::uint64_t, std::less<>> repetitions;  // by event
  };
  Window& window_of(const fairness::Owner& peer);
  static void tell(const Window& window, const std::string& peer, BootTime now, std::vector<LogLine>& lines);

  const Limits limits_;
  std::map<fairness::Owner, Window> of_peer_;
  Window others_;
};

// The same for the log in use. Any thread.
// if (may_log(peer, "rejected")) log(LogLine(Priority::notice, "rejected")...);
bool may_log(const fairness::Owner& peer, std::string_view event);
void log_ended_repeats();  // now and then
void log_all_repeats();    // at the end
void forget_repeats();     // for tests

}  // namespace mxpress::mta
