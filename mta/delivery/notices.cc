// Notices to the sender.
#include "mta/delivery/notices.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <functional>

#include "mta/config/config.h"
#include "mta/delivery/digest_sender.h"
#include "mta/delivery/load_budget.h"
#include "mta/delivery/notice_message.h"
#include "mta/events/event.h"
#include "mta/events/hub.h"
#include "mta/fairness/blocking.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"
#include "mta/system/spool_async.h"
#include "mta/transport/local_mailbox.h"
#include "proto/dsn.h"
#include "queue/message_store.h"

namespace mxpress::mta::delivery {
namespace {

using queue::Instant;
using queue::RecipientStage;
using system::instant_now;
using system::to_boot_time;
using Kind = queue::NoticeKind;
using Why = events::NoticeWaits::Why;

constexpr Duration kAfterDiskError = std::chrono::minutes(1);
constexpr Duration kUntilRoom = std::chrono::minutes(10);  // there may be hundreds of thousands

bool was_delivered(const queue::RecipientState& state) { return state.last && state.last->status.klass == 2; }

std::vector<std::uint32_t> owed_recipients(const queue::Message& message, bool delivered) {
  std::vector<std::uint32_t> result;
  for (std::uint32_t i = 0; i < message.recipients.size(); ++i)
    if (message.recipients[i].stage == RecipientStage::notice_pending && was_delivered(message.recipients[i]) == delivered)
      result.push_back(i);
  return result;
}

// True if other recipients have not had their first attempt: their failures belong into the same notice.
bool more_to_come(const queue::Message& message) {
  return std::any_of(message.recipients.begin(), message.recipients.end(),
                     [](const auto& r) { return r.stage == RecipientStage::pending && r.attempts == 0; });
}

NoticeRate::Key rate_key(const queue::Message& message) {
  return NoticeRate::key_of(message.envelope.submitter.share_owner(), message.envelope.reverse_path.to_string());
}

}  // namespace

// The charge is held as long as the message.
struct Notices::Loaded {
  LoadBudget::Charge charge;
  Result<queue::Message> message;
};

Notices::~Notices() = default;

fairness::Owner Notices::owner_of(proto::QueueId id) const { return spool_.share_owner_of(id); }

Notices::Notices(asio::io_context& io, queue::MessageStore& spool, const CurrentConfig& config, events::Hub& events,
                 fairness::FileTurns* files, LoadBudget& budget, Admit admit, std::uint64_t seed)
    : io_(io),
      spool_(spool),
      config_(config),
      events_(events),
      files_(files),
      budget_(budget),
      admit_(std::move(admit)),
      random_(seed ^ 0x6e6f7469636573),
      digest_(std::make_unique<DigestSender>(
          DigestSender::Parts{spool, config, events, random_, files},
          DigestSender::Actions{[this](queue::QueueId id) -> Task<Result<queue::Message>> {
                                  auto [charge, message] = co_await load(id);
                                  co_return std::move(message);
                                },
                                [](const queue::Message& message) { return owed_recipients(message, false); }, admit_})),
      timer_(io) {}

void Notices::add(queue::QueueId id) {
  ++pending_;
  asio::post(io_, [this, id] {
    if (!queue_.add(id, owner_of(id), instant_now(), rest_before(id))) --pending_;
    go_on();
  });
}

// Starts a look at all messages with a place.
void Notices::go_on() {
  if (stopping_) return;
  while (const auto look = queue_.next(instant_now()))
    asio::co_spawn(io_, send(*look), [this, look = *look](std::exception_ptr error) { stopped_sending(look, error); });
  arm();
}

void Notices::arm() {
  const auto next = queue_.next_event();
  if (!next || armed_for_ <= *next) return;
  armed_for_ = *next;
  timer_.expires_at(to_boot_time(*next));
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    armed_for_ = Instant::max();
    go_on();
  });
}

bool Notices::delayed(queue::QueueId id, routing::DestinationName destination, std::optional<SiteFailure> failure,
                      WallTime will_retry_until) {
  if (!has_place(id)) {
    const auto owner = owner_of(id);
    if (!places_.take(owner, 1)) return false;
    if (!placed_.lock()->emplace(id.value, owner).second) places_.give_back(owner, 1);  // another worker was faster
  }
  NoticeDelay delay{std::move(destination), std::move(failure), will_retry_until};
  asio::post(io_, [this, id, delay = std::move(delay)]() mutable { gather_delay(id, std::move(delay)); });
  return true;
}

bool Notices::has_place(queue::QueueId id) { return placed_.lock()->contains(id.value); }

void Notices::give_place_back(queue::QueueId id) {
  auto placed = placed_.lock();
  const auto found = placed->find(id.value);
  if (found == placed->end()) return;
  places_.give_back(found->second, 1);
  placed->erase(found);
}

// For thousands of destinations no more reasons are kept than a notice lists.
void Notices::gather_delay(queue::QueueId id, NoticeDelay delay) {
  if (!has_place(id)) return;  // its notice has just been handled
  const auto [found, is_new] = delays_.try_emplace(id.value);
  if (found->second.size() < proto::kMaxListed) found->second.push_back(std::move(delay));
  if (!is_new) return;
  asio::co_spawn(io_, tell_delay(id), [this, id](std::exception_ptr error) {
    log_bug("the delay notice for " + id.to_string(), error);
    delays_.erase(id.value);
    give_place_back(id);
  });
}

Duration Notices::rest_before(queue::QueueId id) {
  return std::min<Duration>(kGather, kLookAgain * (spool_.recipients_of(id) / kLooksLessOften));
}

// A message that has to wait gives its place to others.
Task<void> Notices::send(NoticeQueue::Look look) {
  LookAgain again;
  do again = co_await send_noted(look);
  while (again == Duration(0));
  const Instant now = instant_now(), after_rest = now + rest_before(look.message);
  if (again)
    queue_.leave_until(look, look.turn ? now + *again : after_rest + *again);
  else if (queue_.leave(look, after_rest))
    --pending_;
}

// A notice stays pending in the spool: a bug costs this try, and the next start sends it.
void Notices::stopped_sending(const NoticeQueue::Look& look, std::exception_ptr error) {
  log_bug("the notice for " + look.message.to_string(), error);
  if (error) {
    queue_.drop(look);
    --pending_;
  }
  asio::post(io_, [this] { go_on(); });  // not within the call that began this look
}

Task<Notices::LookAgain> Notices::send_noted(NoticeQueue::Look& look) {
  const system::Handled handled(handled_, look.message);
  co_return co_await send_once(look);
}

Task<Notices::Loaded> Notices::load(queue::QueueId id) {
  const std::uint64_t octets = spool_.octets_to_load(id);
  const fairness::Owner owner = owner_of(id);
  auto charge = co_await budget_.acquire(octets, owner);
  auto read = [&spool = spool_, id] {
    const system::HandlingNow now(id);
    return spool.load(id);
  };
  auto message = co_await fairness::run_blocking(files_, {owner, octets}, std::move(read));
  co_return Loaded{std::move(charge), std::move(message)};
}

// At 2, 4, 8, 16, 32 and 60 s: messages that gather failures are looked at only a few times each.
Duration Notices::gather_on(Instant since) {
  const Duration passed = instant_now() - since;
  return std::max(kLookAgain, std::min(passed, kGather - passed));
}

Task<Notices::LookAgain> Notices::send_once(NoticeQueue::Look& look) {
  if (const Status room = spool_.room_for(0); !room) {
    events_.emit(events::NoticeWaits{look.message, owner_of(look.message), Why::no_room_on_disk, room.error().message});
    co_return kAfterDiskError;
  }
  auto [charge, message] = co_await load(look.message);
  if (!message) co_return message.error().is_transient() ? LookAgain(kAfterDiskError) : std::nullopt;
  auto failed = owed_recipients(*message, false);
  auto delivered = owed_recipients(*message, true);
  if (failed.empty() && delivered.empty()) co_return std::nullopt;
  if (instant_now() - look.since < kGather && more_to_come(*message)) co_return gather_on(look.since);
  if (message->envelope.is_notice) co_return co_await counted(keep_locally(*message, std::move(failed)));
  if (message->envelope.reverse_path.is_null()) {  // returned by the operator; RFC 5321 6.1: no notice
    end_without_notice(*message, std::move(failed), nullptr);
    co_return std::nullopt;
  }
  // Checked only here: mail that is kept locally, or ends without a notice, frees room.
  if (!spool_.has_room_for_notice(look.message)) {
    events_.emit(events::NoticeWaits{look.message, owner_of(look.message), Why::share_is_used, "too much mail of its user waits"});
    co_return kUntilRoom;
  }
  if (!failed.empty() && digest_->joins(*message, look.turn.has_value())) co_return co_await wait_for_digest(message->id, look.turn);
  if (const Duration wait = wait_for_turn(*message, look.turn); wait > Duration(0)) co_return wait;
  const bool is_all = failed.empty() || delivered.empty();
  NoticeRequest request =
      failed.empty() ? NoticeRequest{Kind::success, std::move(delivered)} : NoticeRequest{Kind::failure, std::move(failed)};
  if (const LookAgain again = co_await counted(store_notice(*message, std::move(request)))) co_return again;  // the turn is kept
  look.turn.reset();
  co_return is_all ? std::nullopt : LookAgain(Duration(0));
}

Task<Notices::LookAgain> Notices::wait_for_digest(queue::QueueId message, Turn& turn) {
  ++storing_;
  turn = co_await digest_->wait(message, owner_of(message));
  --storing_;
  co_return turn ? LookAgain(*turn - instant_now()) : LookAgain(Duration(0));
}

Task<Notices::LookAgain> Notices::counted(Task<LookAgain> storing) {
  ++storing_;
  const LookAgain again = co_await std::move(storing);
  --storing_;
  co_return again;
}

// Recipients that fail meanwhile are reported in the same notice.
Duration Notices::wait_for_turn(const queue::Message& message, Turn& turn) {
  const Instant now = instant_now();
  if (turn) return *turn - now;
  turn = rate_.turn(rate_key(message), NoticeRate::Kind::ended, now);
  if (*turn > now) events_.emit(events::NoticePostponed{message.id, *turn - now});
  return *turn - now;
}

Task<void> Notices::tell_delay(queue::QueueId id) {
  Turn turn;
  for (LookAgain again = kGather; again; again = co_await tell_delay_once(id, turn)) co_await pause(*again);
}

Task<Notices::LookAgain> Notices::tell_delay_once(queue::QueueId id, Turn& turn) {
  const system::Handled handled(handled_, id);
  auto [charge, message] = co_await load(id);
  if (!message || message->ended || message->envelope.is_notice || message->envelope.reverse_path.is_null()) co_return std::nullopt;
  std::vector<NoticeDelay> delays = delays_[id.value];
  std::vector<std::uint32_t> recipients = delayed_recipients(*message, delays, *config_.get());
  if (recipients.empty()) co_return std::nullopt;
  const Instant now = instant_now();
  if (!turn) turn = rate_.turn(rate_key(*message), NoticeRate::Kind::delay, now, now + kDelayAtMost);
  if (!turn) {
    events_.emit(events::NoticeLeftOut{id});
    co_return std::nullopt;
  }
  if (*turn > now) co_return *turn - now;
  co_return co_await counted(store_notice(*message, NoticeRequest{Kind::delay, std::move(recipients), std::move(delays)}));
}

// One atomic step in the spool: the notice is stored, and no notice for these recipients is pending any more.
Task<Notices::LookAgain> Notices::store_notice(const queue::Message& message, NoticeRequest request) {
  auto read = [content = message.content] { return content ? read_original(*content) : Result<std::string>(std::string()); };
  const fairness::FileTurns::Turn turn{message.envelope.submitter.share_owner(), proto::kMaxReturnedMessage};
  const auto original = co_await fairness::run_blocking(files_, turn, std::move(read));
  const queue::QueueId id = spool_.next_id();
  queue::NewMessage composed = compose_notice(id, message, original, request, *config_.get(), random_());
  const proto::Envelope envelope = composed.envelope;
  const auto stored = co_await mta::store(spool_, id, std::move(composed));
  if (!stored) {
    events_.emit(events::NoticeNotStored{message.id, message.envelope.submitter.share_owner(), stored.error().message});
    co_return kAfterDiskError;
  }
  events_.emit(events::NoticeSent{message.id, request.kind, message.envelope.reverse_path, id, request.recipients.size()});
  admit_(id, envelope);
  co_return std::nullopt;
}

Task<void> Notices::pause(Duration duration) {
  Timer timer(io_, duration);
  co_await timer.async_wait(use_task);
}

void Notices::end_without_notice(const queue::Message& message, std::vector<std::uint32_t> recipients, std::function<void(Status)> done) {
  queue::Settlement settlement;
  settlement.message = message.id;
  settlement.attempt.time = Clock::current().wall();
  settlement.attempt.recipients = recipients;
  for (std::uint32_t index : recipients) {
    queue::RecipientState state = message.recipients[index];
    state.stage = RecipientStage::ended;
    settlement.changes.push_back({index, std::move(state)});
  }
  spool_.settle(std::move(settlement), std::move(done));
}

// An undeliverable notice goes into this host's mailbox, where the admin finds it. Until there is room it stays pending.
Task<Notices::LookAgain> Notices::keep_locally(const queue::Message& message, std::vector<std::uint32_t> recipients) {
  const auto config = config_.get();
  auto write = [&message, &config] {
    const system::HandlingNow now(message.id);
    return transport::deliver_to_mailbox(config->mailbox_directory(), config->local.mailbox_limit, message, "postmaster");
  };
  const fairness::FileTurns::Turn turn{message.envelope.submitter.share_owner(), message.content ? message.content->size() : 0};
  const Status status = co_await fairness::run_blocking(files_, turn, std::move(write));
  if (!status) {
    events_.emit(events::NoticeNotKept{message.id, message.envelope.submitter.share_owner(), status.error().message});
    co_return kUntilRoom;
  }
  auto done = [&hub = events_, id = message.id, mailbox = config->mailbox_directory().string()](Status ended) {
    if (ended) hub.emit(events::NoticeKept{id, mailbox});
  };
  end_without_notice(message, std::move(recipients), std::move(done));
  co_return std::nullopt;
}

}  // namespace mxpress::mta::delivery
