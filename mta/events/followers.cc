// Finds out which follower wants an event, and queues its lines.
#include "mta/events/followers.h"

#include <algorithm>
#include <utility>

#include "dns/async.h"
#include "mta/events/log_sink.h"
#include "mta/system/log.h"
#include "proto/ascii.h"
#include "proto/envelope.h"
#include "queue/changes.h"

namespace mxpress::mta::events {
namespace {

constexpr std::size_t kOctetsOfItem = 128;  // beside its text

bool is_equal(std::string_view lower, std::string_view address) { return proto::equal_in_any_case(lower, address); }

bool is_in(std::string_view lower_domain, std::string_view address) {
  const std::size_t at = address.rfind('@');
  return at != address.npos && is_equal(lower_domain, address.substr(at + 1));
}

bool names(const Wanted& wanted, std::string_view address) {
  if (!wanted.address.empty() && !is_equal(wanted.address, address)) return false;
  return wanted.domain.empty() || is_in(wanted.domain, address);
}

bool has_address(const Wanted& wanted) { return !wanted.address.empty() || !wanted.domain.empty(); }

int badness(Disposition disposition) { return disposition == Disposition::delivered ? 0 : disposition == Disposition::deferred ? 1 : 2; }

// The line about an action that withdraws nobody has no line of its own in the log.
std::string line_of(const Acted& event) {
  constexpr std::string_view kWords[] = {"held", "released", "to_be_tried", "removed", "returned"};
  const auto word = static_cast<std::size_t>(event.action);
  return LogLine(Priority::info, event.message, word < std::size(kWords) ? kWords[word] : "acted").add("by_uid", event.uid).text();
}

}  // namespace

// What an event is about.
struct Follower::Subject {
  std::optional<proto::QueueId> message{};
  std::optional<fairness::Owner> owner{};
  std::string sender{};
  std::vector<std::vector<std::string>> lines{};  // addresses of each line; empty: none, or all lines are about all of `first`
  std::vector<std::string> all{};

  void operator()(const Accepted& event) {
    message = event.message;
    owner = event.envelope.submitter.share_owner();
    sender = event.envelope.reverse_path.to_string();
    for (const proto::Recipient& each : event.envelope.recipients) all.push_back(each.mailbox.to_string());
  }
  void operator()(const Attempted& event) {
    message = event.message;
    owner = event.owner;
    sender = event.reverse_path;
    for (const RecipientOutcome& each : event.recipients) lines.push_back({each.recipient, each.original_recipient});
  }
  void operator()(const Unrecorded& event) { (*this)(event.attempted); }
  void operator()(const Acted& event) {
    message = event.message;
    sender = event.reverse_path;
    for (const Acted::Withdrawn& each : event.withdrawn) lines.push_back({each.recipient, each.original_recipient});
  }
  template <class Other>
  void operator()(const Other& event) {
    if constexpr (requires { event.message; }) message = event.message;
  }
};

std::optional<Followed> Follower::next(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return !waiting_.empty() || has_ended_; });
  if (waiting_.empty()) return std::nullopt;
  Followed followed = std::move(waiting_.front());
  waiting_.pop_front();
  octets_ -= kOctetsOfItem + followed.text.size();
  return followed;
}

std::uint64_t Follower::take_lost() {
  const std::lock_guard lock(mutex_);
  return std::exchange(lost_, 0);
}

bool Follower::has_ended() const {
  const std::lock_guard lock(mutex_);
  return has_ended_;
}

void Follower::end() {
  const std::lock_guard lock(mutex_);
  has_ended_ = true;
  changed_.notify_all();
}

// The end of an attempt always has room: there is one.
void Follower::put(Followed followed) {
  const std::lock_guard lock(mutex_);
  const std::size_t octets = kOctetsOfItem + followed.text.size();
  if (octets_ + octets > kMostWaiting && followed.kind != Followed::Kind::end) return static_cast<void>(++lost_);
  octets_ += octets;
  waiting_.push_back(std::move(followed));
  changed_.notify_one();
}

bool Follower::is_known(proto::QueueId message) const { return std::find(known_.begin(), known_.end(), message) != known_.end(); }

// Whether a user owns a message is checked once more by the reader, from the spool: shares are no rights.
bool Follower::fits(const Subject& subject, std::size_t line) {
  if (wanted_.uid >= 0 && (!subject.message || (subject.owner && *subject.owner != fairness::Owner::user(wanted_.uid)))) return false;
  if (wanted_.message && subject.message != wanted_.message) return false;
  if (!has_address(wanted_)) return true;
  const auto& addresses = line < subject.lines.size() ? subject.lines[line] : subject.all;
  const bool is_named = std::any_of(addresses.begin(), addresses.end(), [this](const std::string& one) { return names(wanted_, one); });
  const bool has_names = !subject.lines.empty() || !subject.all.empty();
  if (!is_named && !(has_names && names(wanted_, subject.sender))) return !has_names && subject.message && is_known(*subject.message);
  if (subject.message && !is_known(*subject.message)) {
    known_.push_back(*subject.message);
    if (known_.size() > kMostKnown) known_.pop_front();
  }
  return true;
}

void Follower::take(const Event& event, WallTime now) {
  if (kind_ == Kind::debugger) return std::holds_alternative<Attempted>(event) ? take_outcome(event, now) : void();
  Subject subject;
  std::visit(subject, event);
  const std::lock_guard lock(taking_);
  std::size_t line = 0;
  for_each_log_line(event, [&](const LogLine& text) {
    if (fits(subject, line++)) put({Followed::Kind::event, now, subject.message, text.text(), {}, {}, {}});
  });
  const auto* const acted = std::get_if<Acted>(&event);
  if (acted && acted->withdrawn.empty() && fits(subject, 0)) put({Followed::Kind::event, now, acted->message, line_of(*acted), {}, {}, {}});
}

// An attempt that was under way before has no dialogue here; one that no host was asked for has none at all.
void Follower::take_outcome(const Event& of_attempt, WallTime now) {
  const auto& event = std::get<Attempted>(of_attempt);
  bool has_begun = false;
  {
    const std::lock_guard lock(mutex_);
    if (attempt_ && *attempt_ != event.message) return;
    has_begun = attempt_.has_value();
  }
  Subject subject;
  subject(event);
  subject.sender.clear();
  const RecipientOutcome* worst = nullptr;
  std::size_t line = 0, line_of_worst = 0;
  {
    const std::lock_guard lock(taking_);
    for (const RecipientOutcome& each : event.recipients) {
      const bool is_worse = !worst || badness(each.disposition) > badness(worst->disposition);
      if (fits(subject, line) && is_worse) worst = &each, line_of_worst = line;
      ++line;
    }
  }
  if (!worst) return;
  const bool had_host = worst->result && !worst->result->address.empty();
  const bool is_over = has_begun || !had_host;
  std::size_t at = 0;
  for_each_log_line(of_attempt, [&](const LogLine& text) {
    if (at++ == line_of_worst)
      put({is_over ? Followed::Kind::end : Followed::Kind::event, now, event.message, text.text(), {}, {}, worst->disposition});
  });
}

bool Follower::begin_attempt(proto::QueueId message, std::int64_t uid, const std::vector<std::string>& recipients) {
  if (kind_ != Kind::debugger || (wanted_.uid >= 0 && wanted_.uid != uid)) return false;
  if (wanted_.message && *wanted_.message != message) return false;
  const bool is_named = std::any_of(recipients.begin(), recipients.end(), [this](const std::string& one) { return names(wanted_, one); });
  if (has_address(wanted_) && !is_named) return false;
  const std::lock_guard lock(mutex_);
  if (attempt_) return false;
  attempt_ = message;
  return true;
}

void Follower::leave_attempt(proto::QueueId message) {
  const std::lock_guard lock(mutex_);
  if (attempt_ == message) attempt_.reset();
}

void Followers::take(const Event& event) {
  if (all_.load(std::memory_order_relaxed) == 0) return;
  const WallTime now = Clock::current().wall();
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) entry.follower->take(event, now);
}

Result<std::shared_ptr<Follower>> Followers::follow(Wanted wanted, Follower::Kind kind, std::int64_t user) {
  const bool is_user = user >= 0;
  const std::lock_guard lock(mutex_);
  const auto count = [this](const auto& condition) {
    return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), condition));
  };
  const std::size_t users = count([](const Entry& entry) { return entry.user >= 0; });
  const bool is_full = entries_.size() >= kMost || (is_user && users >= kMostOfUsers);
  if (is_closed_ || is_full) return Error::transient("too many follow mail already; one of them has to end first");
  if (is_user && count([user](const Entry& entry) { return entry.user == user; }) >= kMostOfUser)
    return Error::transient("this user follows mail " + std::to_string(kMostOfUser) + " times already");
  entries_.push_back({std::make_shared<Follower>(std::move(wanted), kind), user});
  ++all_;
  if (kind == Follower::Kind::debugger) ++debuggers_;
  return entries_.back().follower;
}

void Followers::leave(const std::shared_ptr<Follower>& follower) {
  const std::lock_guard lock(mutex_);
  if (std::erase_if(entries_, [&](const Entry& entry) { return entry.follower == follower; }) == 0) return;
  --all_;
  if (follower->kind() == Follower::Kind::debugger) --debuggers_;
}

void Followers::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  for (const Entry& entry : entries_) entry.follower->end();
}

std::vector<std::shared_ptr<Follower>> Followers::begin_attempt(proto::QueueId message, std::int64_t uid,
                                                                const std::vector<std::string>& recipients) {
  std::vector<std::shared_ptr<Follower>> debuggers;
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_)
    if (entry.follower->begin_attempt(message, uid, recipients)) debuggers.push_back(entry.follower);
  return debuggers;
}

}  // namespace mxpress::mta::events
