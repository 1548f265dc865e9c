// Recovery in the background.
#include "mta/app/recovery_thread.h"

#include <chrono>

#include "mta/app/suspect_trial.h"
#include "mta/control/live.h"
#include "mta/delivery/dispatcher.h"
#include "mta/intake/drop_folder.h"
#include "mta/net/tls.h"
#include "mta/system/crash_record.h"
#include "mta/system/log.h"
#include "queue/spool.h"

namespace mxpress::mta {
namespace {

constexpr std::chrono::seconds kAgain(10);

}  // namespace

void RecoveryThread::start() {
  thread_ = std::thread([this] {
    net::prepare_tls();
    recover();
  });
}

void RecoveryThread::give_up() {
  const std::lock_guard lock(mutex_);
  gives_up_ = true;
  given_up_.notify_all();
}

void RecoveryThread::stop() {
  if (!thread_.joinable()) return;
  give_up();
  parts_.spool.give_up_recovery();
  thread_.join();
}

void RecoveryThread::recover() {
  std::uint64_t found = 0;
  std::vector<queue::QueueId> suspects;
  const auto restore = [&](const queue::Message& message) {
    ++found;
    restore_found(message, suspects);
  };
  Status status;
  do status = parts_.spool.recover(restore, [&](const queue::SiteRecord& site) { parts_.dispatcher.restore_site(site); });
  while (!status && wait_to_recover_again(status.error()));
  if (!status) return;
  log(LogLine(Priority::info, "recovered").add("messages", static_cast<std::int64_t>(found)));
  parts_.progress.done();
  if (parts_.suspect_trial) parts_.suspect_trial->try_all(std::move(suspects));
  start_drop_folder();
}

// A message that may have crashed the daemon waits for its turn; one that did is kept from all workers.
void RecoveryThread::restore_found(const queue::Message& message, std::vector<queue::QueueId>& suspects) {
  if (!parts_.crash_record) return parts_.dispatcher.restore(message);
  if (parts_.crash_record->is_suspect(message.id)) return suspects.push_back(message.id);
  if (!parts_.crash_record->is_set_aside(message.id)) return parts_.dispatcher.restore(message);
  if (!message.held && !parts_.crash_record->is_newly_set_aside(message.id)) {  // released while no daemon ran
    parts_.crash_record->clear(message.id);
    return parts_.dispatcher.restore(message);
  }
  parts_.dispatcher.set_aside(message, parts_.crash_record->last_death());
}

// Starts only when all stored drop files are known, so that none is stored twice.
void RecoveryThread::start_drop_folder() {
  std::unique_lock lock(mutex_);
  while (!gives_up_) {
    const Status started = parts_.drop_folder.start();
    if (started) return;
    log(LogLine(Priority::error, "drop_folder").add("reason", started.error().message).add("note", "trying again"));
    given_up_.wait_for(lock, kAgain, [this] { return gives_up_; });
  }
}

// A disk or system failure may be temporary: recovered mail must not wait for the next start. False: the daemon is stopping.
bool RecoveryThread::wait_to_recover_again(const Error& error) {
  std::unique_lock lock(mutex_);
  if (gives_up_) {
    parts_.progress.failed();  // ends waits for recovery
    return false;
  }
  LogLine line(Priority::error, "recovery");
  log(line.add("reason", error.message).add("note", "mail of earlier runs waits; trying again"));
  parts_.progress.failed();
  return !given_up_.wait_for(lock, kAgain, [this] { return gives_up_; });
}

}  // namespace mxpress::mta
