// Gets names from inotify(7).
#include "mta/intake/drop_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "mta/system/log.h"

namespace mxpress::mta::intake {

DropWatch::DropWatch(const boost::filesystem::path& folder) : inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (::inotify_add_watch(inotify_.get(), folder.c_str(), IN_MOVED_TO | IN_ONLYDIR) >= 0) return;
  LogLine line(Priority::error, "drop-folder");
  log(line.add("file", folder.string()).add("reason", std::string("cannot be watched: ") + std::strerror(errno)));
}

bool DropWatch::read(const std::function<void(const std::string&)>& named) {
  bool complete = true;
  alignas(inotify_event) char buffer[4096];
  for (ssize_t size; (size = ::read(inotify_.get(), buffer, sizeof buffer)) > 0;) {
    for (const char* place = buffer; place < buffer + size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(place);
      if ((event->mask & IN_Q_OVERFLOW) != 0) complete = false;
      if (event->len > 0) named(event->name);
      place += sizeof(inotify_event) + event->len;
    }
  }
  return complete;
}

}  // namespace mxpress::mta::intake
