// Counts the seconds for which the log has been behind.
#include "mta/host/log_watch.h"

#include "mta/host/notify.h"

namespace mxpress::mta::host {

bool LogWatch::look(LogPressure pressure) {
  if (pressure == LogPressure::none) {
    if (behind_.count() > 0) {
      notify_status("accepting mail");
      log(LogLine(Priority::warning, "log-behind").add("seconds", behind_.count()).add("note", "no mail was taken meanwhile").keep());
    }
    behind_ = full_ = std::chrono::seconds(0);
    return false;
  }
  if (behind_.count() == 0) notify_status("the log is not being written: no mail is taken until it is");
  ++behind_;
  full_ = pressure == LogPressure::full ? full_ + std::chrono::seconds(1) : std::chrono::seconds(0);
  return full_.count() > 0 && full_ <= kPatience;
}

}  // namespace mxpress::mta::host
