// Tries suspects one after the other.
#include "mta/app/suspect_trial.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "mta/delivery/dispatcher.h"
#include "mta/system/crash_record.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"

namespace mxpress::mta {
namespace {

constexpr Duration kInterval = std::chrono::milliseconds(200);

}  // namespace

void SuspectTrial::try_all(std::vector<queue::QueueId> suspects) {
  if (suspects.empty()) return;
  log(LogLine(Priority::notice, "suspects")
          .add("messages", static_cast<std::int64_t>(suspects.size()))
          .add("note", "were being handled when mxpressd died; tried one at a time"));
  asio::post(io_, [this, suspects = std::move(suspects)] {
    for (const queue::QueueId id : suspects) line_.add(id);
    try_next();
  });
}

void SuspectTrial::try_next() {
  const auto next = line_.next(system::instant_now(), record_);
  if (next) dispatcher_.take_up(*next);
  if (line_.done()) return;
  timer_.expires_after(kInterval);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error && !is_stopping_) try_next();
  });
}

std::unique_ptr<system::CrashRecord> open_crash_record(const boost::filesystem::path& spool) {
  auto record = system::CrashRecord::open(spool);
  if (!record) {
    log(LogLine(Priority::warning, "crash_record").add("reason", record.error().message));
    return nullptr;
  }
  if (!(*record)->last_death().empty())
    log(LogLine(Priority::alert, "died").add("last_run_ended_by", (*record)->last_death()).add("note", "please report"));
  return std::move(*record);
}

}  // namespace mxpress::mta
