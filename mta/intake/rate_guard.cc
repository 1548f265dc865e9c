// Token buckets by user.
#include "mta/intake/rate_guard.h"

#include <algorithm>

#include "mta/config/config.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"
#include "proto/envelope.h"

namespace mxpress::mta::intake {
namespace {

constexpr std::int64_t kRoot = 0;
constexpr std::int64_t kToken = 1000;

bool is_exempt(const GuardConfig& config, std::int64_t uid) {
  if (uid < 0 || uid == kRoot || config.burst == 0) return true;
  return std::any_of(config.exempt.begin(), config.exempt.end(), [&](const LocalUser& user) { return user.uid == uid; });
}

std::int64_t counted_user(const proto::Submitter& submitter) {
  return submitter.forwarder >= 0 ? submitter.forwarder : submitter.sending_user();
}

std::int64_t full(const GuardConfig& config) { return static_cast<std::int64_t>(config.burst) * kToken; }

// The tokens that `rate` adds in this time, at most twice the burst, which fills any bucket.
std::int64_t gained(const GuardConfig& config, Duration time) {
  const double tokens =
      static_cast<double>(config.rate.count) * kToken * static_cast<double>(time.count()) / static_cast<double>(config.rate.period.count());
  return static_cast<std::int64_t>(std::min(tokens, 2.0 * static_cast<double>(full(config))));
}

std::string words_of_time(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::hh_mm_ss clock(seconds - day);
  const auto two = [](auto value) { return (value < 10 ? "0" : "") + std::to_string(value); };
  return two(clock.hours().count()) + ":" + two(clock.minutes().count()) + " UTC";
}

}  // namespace

RateGuard::User& RateGuard::user_of(std::int64_t uid, const GuardConfig& config, Instant now) {
  if (users_.size() >= kMostUsers && !users_.contains(uid)) forget_some();
  const auto [place, is_new] = users_.try_emplace(uid);
  User& user = place->second;
  if (is_new) user.tokens = full(config);
  if (!is_new) user.tokens = std::min(user.tokens + gained(config, now - user.counted), full(config));
  user.counted = now;
  return user;
}

// Forgets the half that was idle longest.
void RateGuard::forget_some() {
  std::vector<Instant> moments;
  for (const auto& [uid, user] : users_) moments.push_back(user.counted);
  const auto middle = moments.begin() + static_cast<std::ptrdiff_t>(moments.size() / 2);
  std::nth_element(moments.begin(), middle, moments.end());
  std::erase_if(users_, [&](const auto& one) { return one.second.counted <= *middle; });
}

RateGuard::Verdict RateGuard::judge(const GuardConfig& config, const proto::Submitter& submitter, std::size_t recipients, Instant now,
                                    WallTime wall) {
  const std::int64_t uid = counted_user(submitter);
  if (is_exempt(config, uid)) return {};
  const std::lock_guard lock(mutex_);
  User& user = user_of(uid, config, now);
  if (user.tokens > 0) {
    user.tokens = std::max(user.tokens - static_cast<std::int64_t>(recipients) * kToken, -full(config));
    return {};
  }
  Verdict verdict;
  verdict.is_first = user.messages == 0 || now - user.held >= kIncident;
  if (verdict.is_first) {
    user.since = wall;
    user.messages = 0;
    user.program = submitter.forwarder >= 0 ? "~/.forward" : submitter.program;
    user.unit = submitter.forwarder >= 0 ? "" : submitter.unit;
    user.limit = config.rate.to_string();
  }
  user.held = now;
  ++user.messages;
  verdict.held_because = "Held by [guard]: uid " + std::to_string(uid) + " sends to more than " + config.rate.to_string() + " recipients";
  return verdict;
}

void RateGuard::hold_excess(const GuardConfig& config, proto::QueueId id, proto::Envelope& envelope) {
  const proto::Submitter& submitter = envelope.submitter;
  Verdict verdict = judge(config, submitter, envelope.recipients.size(), system::instant_now(), envelope.submitted);
  envelope.held_because = std::move(verdict.held_because);
  if (!verdict.is_first) return;
  LogLine line(Priority::alert, id, "guard");
  line.add("reason", envelope.held_because).add("uid", counted_user(submitter)).add("program", submitter.program);
  line.add("unit", submitter.unit).add("note", "this mail and what follows above the rate waits: mxpress status says what to do");
  log(line);
}

std::vector<std::string> RateGuard::failures(Instant now) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [uid, user] : users_) {
    if (user.messages == 0 || now - user.held >= kIncident) continue;
    std::string origin = user.program.empty() ? "" : ", " + user.program;
    if (!user.unit.empty()) origin += " of " + user.unit;
    const std::string selector = " --uid " + std::to_string(uid) + " --state held";
    all.push_back("uid " + std::to_string(uid) + origin + " sends to more than " + user.limit +
                  " recipients: " + std::to_string(user.messages) + " message(s) held since " + words_of_time(user.since) +
                  ". Look: mxpress queue --messages" + selector + "; then mxpress release" + selector + ", or mxpress remove" + selector);
  }
  return all;
}

}  // namespace mxpress::mta::intake
