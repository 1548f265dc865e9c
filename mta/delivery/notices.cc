// Notices to the sender.
#include "mta/delivery/notices.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <functional>
#include <iterator>
#include <set>

#include "mta/config/config.h"
#include "mta/delivery/destination.h"
#include "mta/delivery/load_budget.h"
#include "mta/delivery/site.h"
#include "mta/delivery/verdict.h"
#include "mta/events/event.h"
#include "mta/events/hub.h"
#include "mta/fairness/blocking.h"
#include "mta/routing/aliases.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"
#include "mta/system/spool_async.h"
#include "mta/transport/local_mailbox.h"
#include "proto/dsn.h"
#include "queue/message_store.h"

namespace mxpress::mta::delivery {
namespace {

using queue::RecipientStage;
using Kind = queue::NoticeKind;
using Why = events::NoticeWaits::Why;

constexpr Duration kAfterStoreError = std::chrono::minutes(1);
constexpr Duration kUntilRoom = std::chrono::minutes(10);  // there may be hundreds of thousands

bool was_delivered(const queue::RecipientState& state) { return state.last && state.last->status.klass == 2; }

std::vector<std::uint32_t> owed_recipients(const queue::Message& message, bool delivered) {
  std::vector<std::uint32_t> result;
  for (std::uint32_t i = 0; i < message.recipients.size(); ++i)
    if (message.recipients[i].stage == RecipientStage::notice_pending && was_delivered(message.recipients[i]) == delivered)
      result.push_back(i);
  return result;
}

// Others have not had their first attempt: their failures belong into the same notice.
bool more_to_come(const queue::Message& message) {
  return std::any_of(message.recipients.begin(), message.recipients.end(),
                     [](const auto& r) { return r.stage == RecipientStage::pending && r.attempts == 0; });
}

proto::NoticeKind notice_kind(Kind kind) {
  if (kind == Kind::delay) return proto::NoticeKind::delay;
  return kind == Kind::success ? proto::NoticeKind::success : proto::NoticeKind::failure;
}

proto::NoticeAction notice_action(Kind kind) {
  if (kind == Kind::delay) return proto::NoticeAction::delayed;
  return kind == Kind::success ? proto::NoticeAction::relayed : proto::NoticeAction::failed;
}

proto::NoticeRecipient describe(const queue::Message& message, std::uint32_t index, Kind kind) {
  const queue::RecipientState& state = message.recipients[index];
  proto::NoticeRecipient recipient{message.envelope.recipients[index].mailbox,
                                   message.envelope.recipients[index].original_recipient,
                                   notice_action(kind),
                                   state.last.value_or(proto::HostResult{}),
                                   std::nullopt,
                                   std::nullopt};
  if (state.attempts > 0) recipient.last_attempt = state.last_time;
  recipient.has_expired = state.expired;
  recipient.is_told_of_failure = message.envelope.recipients[index].notify.wants_failure();
  return recipient;
}

// The header at least, and everything where the notice may return it.
Result<std::string> read_original(const queue::Content& content) {
  std::string text(std::min<std::uint64_t>(content.size(), proto::kMaxReturnedMessage), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const auto got = content.read(have, text.data() + have, text.size() - have);
    if (!got) return got.error();
    if (*got == 0) break;
    have += *got;
  }
  text.resize(have);
  return text;
}

NoticeRate::Key rate_key(const queue::Message& message) {
  return NoticeRate::key_of(message.envelope.submitter.share_owner(), message.envelope.reverse_path.to_string());
}

}  // namespace

struct Notices::Delay {
  routing::DestinationName destination;
  std::optional<SiteFailure> failure;
  WallTime will_retry_until{};
};

struct Notices::Request {
  queue::NoticeKind kind;
  std::vector<std::uint32_t> recipients;
  std::vector<Delay> delays{};  // of a delay notice
};

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
      timer_(io) {}

void Notices::add(queue::QueueId id) {
  ++pending_;
  asio::post(io_, [this, id] {
    if (!queue_.add(id, owner_of(id), instant_now(), rest_before(id))) --pending_;
    go_on();
  });
}

// Looks at all that have a place.
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
  Delay delay{std::move(destination), std::move(failure), will_retry_until};
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

// Of thousands of destinations no more reasons are kept than a notice tells.
void Notices::gather_delay(queue::QueueId id, Delay delay) {
  if (!has_place(id)) return;  // its notice has just been dealt with
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

// A message that has to wait leaves its place to others.
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

// At 2, 4, 8, 16, 32 and 60 s: a message is looked at a few times, however many of them gather failures.
Duration Notices::gather_on(Instant since) {
  const Duration passed = instant_now() - since;
  return std::max(kLookAgain, std::min(passed, kGather - passed));
}

Task<Notices::LookAgain> Notices::send_once(NoticeQueue::Look& look) {
  if (const Status room = spool_.room_for(0); !room) {
    events_.emit(events::NoticeWaits{look.message, owner_of(look.message), Why::no_room_on_disk, room.error().message});
    co_return kAfterStoreError;
  }
  auto [charge, message] = co_await load(look.message);
  if (!message) co_return message.error().is_transient() ? LookAgain(kLookAgain) : std::nullopt;
  auto failed = owed_recipients(*message, false);
  auto relayed = owed_recipients(*message, true);
  if (failed.empty() && relayed.empty()) co_return std::nullopt;
  if (instant_now() - look.since < kGather && more_to_come(*message)) co_return gather_on(look.since);
  if (message->envelope.is_notice) co_return co_await counted(keep_locally(*message, std::move(failed)));
  if (message->envelope.reverse_path.is_null()) {  // returned by the operator; RFC 5321 6.1: nobody is told
    end_without_notice(*message, std::move(failed), nullptr);
    co_return std::nullopt;
  }
  // Not before: what is kept locally, or ends without a notice, makes room.
  if (!spool_.has_room_for_notice(look.message)) {
    events_.emit(events::NoticeWaits{look.message, owner_of(look.message), Why::share_is_used, "too much mail of its user waits"});
    co_return kUntilRoom;
  }
  if (const Duration wait = wait_for_turn(*message, look.turn); wait > Duration(0)) co_return wait;
  const bool is_all = failed.empty() || relayed.empty();
  Request request = failed.empty() ? Request{Kind::success, std::move(relayed)} : Request{Kind::failure, std::move(failed)};
  if (const LookAgain again = co_await counted(store_notice(*message, std::move(request)))) co_return again;  // the turn stays his
  look.turn.reset();
  co_return is_all ? std::nullopt : LookAgain(Duration(0));
}

Task<Notices::LookAgain> Notices::counted(Task<LookAgain> storing) {
  ++storing_;
  const LookAgain again = co_await std::move(storing);
  --storing_;
  co_return again;
}

// What fails meanwhile comes into the same notice.
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
  std::vector<Delay> delays = delays_[id.value];
  std::vector<std::uint32_t> recipients = delayed_recipients(*message, delays);
  if (recipients.empty()) co_return std::nullopt;
  const Instant now = instant_now();
  if (!turn) turn = rate_.turn(rate_key(*message), NoticeRate::Kind::delay, now, now + kDelayAtMost);
  if (!turn) {
    events_.emit(events::NoticeLeftOut{id});
    co_return std::nullopt;
  }
  if (*turn > now) co_return *turn - now;
  co_return co_await counted(store_notice(*message, Request{Kind::delay, std::move(recipients), std::move(delays)}));
}

// All that wait and are to be told of, in whatever destination, those with a known reason first; none if the sender has been told before.
std::vector<std::uint32_t> Notices::delayed_recipients(const queue::Message& message, const std::vector<Delay>& delays) const {
  const auto config = config_.get();
  std::vector<std::uint32_t> result;
  for (std::uint32_t i = 0; i < message.recipients.size(); ++i) {
    const proto::Recipient& recipient = message.envelope.recipients[i];
    if (message.recipients[i].delay_notice_sent) return {};
    if (message.recipients[i].stage != RecipientStage::pending || !recipient.notify.wants_delay()) continue;
    const proto::Domain& domain = recipient.mailbox.domain();
    const Duration notice = config->is_local(domain) ? config->retry.delay_notice : config->retry_for(domain).delay_notice;
    if (notice > Duration(0)) result.push_back(i);
  }
  if (result.size() <= proto::kMaxListed) return result;
  std::set<std::string_view> known;
  for (const Delay& delay : delays) known.insert(delay.destination.text());
  const auto is_known = [&](std::uint32_t i) {
    return known.contains(routing::destination_of(message.envelope.recipients[i].mailbox.domain(), *config).text());
  };
  std::vector<std::uint32_t> ordered;
  std::copy_if(result.begin(), result.end(), std::back_inserter(ordered), is_known);
  std::copy_if(result.begin(), result.end(), std::back_inserter(ordered), std::not_fn(is_known));
  return ordered;
}

void Notices::describe_delay(proto::NoticeRecipient& recipient, const queue::RecipientState& state, const std::vector<Delay>& delays,
                             const Config& config) {
  const DestinationRef destination = routing::destination_of(recipient.mailbox.domain(), config);
  const auto delay = std::find_if(delays.begin(), delays.end(), [&](const Delay& each) { return each.destination.ref() == destination; });
  if (delay == delays.end()) return;
  recipient.will_retry_until = delay->will_retry_until;
  if (delay->failure) recipient.result = told_to(state, *delay->failure);
}

queue::NewMessage Notices::compose(queue::QueueId id, const queue::Message& message, const Result<std::string>& original,
                                   const Request& request) {
  const system::HandlingNow handling(message.id);
  const auto config = config_.get();
  const WallTime now = Clock::current().wall();
  proto::Notice notice{notice_kind(request.kind),
                       config->own_domain(),
                       message.envelope.reverse_path.mailbox(),
                       message.envelope.envid,
                       message.envelope.ret,
                       message.envelope.submitted,
                       now,
                       0,
                       id.to_string() + "@" + config->hostname,
                       "=_" + std::to_string(random_()),
                       "",
                       false,
                       {},
                       0,
                       ""};
  if (original) {
    notice.original = *original;
    notice.original_is_whole = message.content && original->size() == message.content->size();
  }
  notice.queue_id = message.id.to_string();
  const std::size_t listed = std::min(request.recipients.size(), proto::kMaxListed);
  notice.not_listed = request.recipients.size() - listed;
  for (std::size_t i = 0; i < listed; ++i) {
    const std::uint32_t index = request.recipients[i];
    notice.recipients.push_back(describe(message, index, request.kind));
    if (request.kind == Kind::delay) describe_delay(notice.recipients.back(), message.recipients[index], request.delays, *config);
  }
  queue::NewMessage composed;
  composed.envelope.recipients.push_back({notice.to, {}, ""});
  routing::resolve_alias(*config, composed.envelope.recipients.back());
  composed.envelope.is_notice = true;
  composed.envelope.submitter.entrance = "mxpressd";
  composed.envelope.submitter.share = message.envelope.submitter.share_owner();
  composed.envelope.submitted = now;
  composed.content = proto::compose_notice(notice);
  composed.notice_for.push_back({message.id, request.recipients, request.kind});
  return composed;
}

// One atomic step in the spool: the notice is stored, and no notice for these recipients is pending any more.
Task<Notices::LookAgain> Notices::store_notice(const queue::Message& message, Request request) {
  auto read = [content = message.content] { return content ? read_original(*content) : Result<std::string>(std::string()); };
  const fairness::FileTurns::Turn turn{message.envelope.submitter.share_owner(), proto::kMaxReturnedMessage};
  const auto original = co_await fairness::run_blocking(files_, turn, std::move(read));
  const queue::QueueId id = spool_.next_id();
  queue::NewMessage composed = compose(id, message, original, request);
  const proto::Envelope envelope = composed.envelope;
  const auto stored = co_await mta::store(spool_, id, std::move(composed));
  if (!stored) {
    events_.emit(events::NoticeNotStored{message.id, message.envelope.submitter.share_owner(), stored.error().message});
    co_return kAfterStoreError;
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

// A notice that nobody takes: into this host's mailbox, where the admin finds it. Until there is room it stays pending.
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
