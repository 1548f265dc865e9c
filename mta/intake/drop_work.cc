// Runs the coroutines that take drop files in.
#include "mta/intake/drop_work.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "mta/system/log.h"

namespace mxpress::mta::intake {

void DropWork::begin(uid_t owner, const std::string& name, Task<void> task) {
  if (!files_.emplace(name, File{owner, call_}).second) return;
  ++of_owner_[owner];
  ++begun_;
  asio::co_spawn(io_, std::move(task), [this, name](std::exception_ptr bug) {
    log_bug("drop folder", bug);
    end(name);
  });
}

void DropWork::end(const std::string& name) {
  const auto file = files_.find(name);
  if (file->second.call == call_) --begun_;
  const auto owner = of_owner_.find(file->second.owner);
  if (--owner->second == 0) of_owner_.erase(owner);
  files_.erase(file);
}

void DropWork::run() {
  const BootTime end = BootClock::now() + kMoment;
  const bool has_new = begun_ > 0;
  io_.restart();
  while ((has_new ? begun_ > 0 : !files_.empty()) && BootClock::now() < end) io_.run_one_until(end);
  ++call_;
  begun_ = 0;
}

void DropWork::finish() {
  io_.restart();
  io_.run();
}

}  // namespace mxpress::mta::intake
