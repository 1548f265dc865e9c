// Reads messages for jobs.
#include "mta/delivery/job_loader.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "mta/config/config.h"
#include "mta/delivery/destination.h"
#include "mta/delivery/destinations.h"
#include "mta/delivery/loads.h"
#include "mta/delivery/ownership.h"
#include "mta/delivery/verdict.h"
#include "mta/events/hub.h"
#include "mta/fairness/blocking.h"
#include "mta/system/crash_record.h"
#include "queue/cached_file.h"
#include "queue/message_store.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {
namespace {

const proto::EnhancedStatus kDamaged{5, 3, 0};

std::pair<Result<queue::Message>, Status> load_envelope(queue::MessageStore& spool, queue::QueueId id) {
  const system::HandlingNow now(id);
  auto message = spool.load(id);
  if (message) message->content.reset();
  return {std::move(message), {}};
}

// Loads the message, and verifies its content unless it is large.
std::pair<Result<queue::Message>, Status> load_checked(queue::MessageStore& spool, queue::QueueId id) {
  const system::HandlingNow now(id);
  auto message = spool.load(id);
  if (!message || !message->content || LargeChecks::is_large(*message->content)) return {std::move(message), {}};
  auto content = queue::checked(message->content);
  if (!content) return {std::move(message), content.error()};
  message->content = std::move(*content);
  return {std::move(message), {}};
}

// Reads the message, and checks its content.
Task<Result<SharedMessages::Given>> read(const JobLoader::Parts& parts, queue::QueueId id, Need need) {
  if (auto cached = need == Need::content ? parts.spool.load_if_cached(id) : std::nullopt)
    co_return SharedMessages::Given{Share(std::make_shared<const queue::Message>(std::move(*cached))), {}};
  const std::uint64_t octets = parts.spool.octets_to_load(id);
  const fairness::Owner owner = parts.spool.share_owner_of(id);
  const auto charge = co_await parts.loads.under_way.acquire(octets, owner);
  auto call = [&spool = parts.spool, id, need] { return need == Need::content ? load_checked(spool, id) : load_envelope(spool, id); };
  auto [message, content] = co_await fairness::run_blocking(parts.files, {owner, octets}, std::move(call));
  if (!message) co_return message.error();
  if (message->content && LargeChecks::is_large(*message->content))
    content = co_await parts.loads.large_checks.check(id, owner, message->content);
  co_return SharedMessages::Given{Share(std::make_shared<const queue::Message>(std::move(*message))), std::move(content)};
}

}  // namespace

// The job's part of its message, with recipients that are still pending at its destination. None: the job has been handled.
Task<Share> JobLoader::load(JobIndex index, DestinationIndex destination, Need need) {
  const queue::QueueId id = parts_.schedule.job(index).message;
  const bool is_shared = parts_.schedule.job(index).is_one_of_many;
  Share::MessagePtr fresh = is_shared ? nullptr : parts_.spool.fresh(id);
  if (fresh && has_pending(*fresh, destination)) co_return Share(std::move(fresh));
  auto given =
      is_shared ? co_await parts_.loads.shared.share(id, DestinationName(parts_.destinations.name(destination)), parts_.config.get(), need)
                : co_await read(parts_, id, need);
  if (!given) {
    unreadable(index, given.error());
    co_return Share();
  }
  auto& [share, content] = *given;
  if (!has_pending(*share, destination)) {
    co_await nothing_pending(index, share);
    co_return Share();
  }
  if (content) co_return std::move(share);
  content_unreadable(index, destination, std::move(share), content.error());
  co_return Share();
}

bool JobLoader::has_pending(const queue::Message& message, DestinationIndex destination) const {
  return !message.ended && has_pending_recipients(message, parts_.destinations.name(destination), *parts_.config.get());
}

// A message that cannot be read now is tried again.
void JobLoader::unreadable(JobIndex index, const Error& error) {
  parts_.events.emit(events::Unreadable{parts_.schedule.job(index).message, error.message});
  if (error.is_transient()) return actions_.wait_after_failure(index);
  parts_.schedule.remove(index);
}

// A message with damaged content has failed.
void JobLoader::content_unreadable(JobIndex index, DestinationIndex destination, Share share, const Error& error) {
  proto::HostResult damage{proto::Stage::local, "", "", "", kDamaged, 0, error.message, false};
  if (error.is_transient()) damage.status.klass = 4;
  auto recipients = pending_recipients(*share, parts_.destinations.name(destination), *parts_.config.get());
  auto report = report_without_host(std::move(recipients), error.is_transient() ? proto::Outcome::deferred : proto::Outcome::failed,
                                    std::move(damage), Clock::current().wall());
  actions_.settle(index, destination, std::move(share), std::move(report));
}

// The recipients have another destination now. Their jobs are made from the current message, read again: an older copy may call recipients
// pending that have been delivered.
Task<void> JobLoader::nothing_pending(JobIndex index, const Share& share) {
  co_await asio::post(parts_.io, use_task);  // a caller that takes many jobs must not do so in one stack
  const queue::QueueId id = share->id;
  parts_.schedule.remove(index);
  if (share->ended) co_return;
  if (!share.is_part()) co_return parts_.ownership.readmit(*share);
  const auto whole = co_await read(parts_, id, Need::envelope);
  if (whole && !whole->share->ended) parts_.ownership.readmit(*whole->share);
}

}  // namespace mxpress::mta::delivery
