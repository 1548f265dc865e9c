// Counts the seconds during which the log is behind.
#include "mta/system/log_watch.h"

#include "mta/system/notify.h"

namespace mxpress::mta::system {

bool LogWatch::look(const LogBacklog& backlog) {
  if (backlog.waiting < kBehind) {
    if (behind_.count() > 0) {
      notify_status("accepting mail");
      log(LogLine(Priority::warning, "log-behind")
              .add("seconds", behind_.count())
              .add("note", "mail of users with many lines waited")
              .keep());
    }
    behind_ = std::chrono::seconds(0);
    return false;
  }
  if (behind_.count() == 0) notify_status("the log is not written fast enough: mail of users with many lines in it waits");
  if (behind_.count() == 0 || backlog.written >= mark_) {
    mark_ = backlog.written + backlog.waiting;
    since_mark_ = std::chrono::seconds(0);
  }
  ++behind_;
  return ++since_mark_ > kPatience;
}

}  // namespace mxpress::mta::system
