// Rate limits: grants amounts, and keeps the file.
#include "mta/rates/rate_limits.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "mta/fairness/file_turns.h"
#include "mta/rates/hold.h"
#include "mta/rates/record.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"
#include "queue/disk.h"
#include "queue/small_file.h"

namespace mxpress::mta::rates {
namespace {

constexpr std::uint64_t kMostOctets = 64u << 20;                  // of the file
constexpr std::uint64_t kRecordOctets = 4096;                     // approximate
constexpr Duration kForRecord = std::chrono::seconds(10);         // for a record to become durable, before it is asked for again
constexpr Duration kForEndOfDelivery = std::chrono::seconds(10);  // its end wakes those who wait
constexpr Duration kAfterFailure = std::chrono::seconds(10);      // of the disk

// nullopt: there is none.
Result<std::optional<std::string>> read_file(queue::Disk& disk, const boost::filesystem::path& path) {
  const auto there = disk.exists(path);
  if (!there) return there.error();
  if (!*there) return std::optional<std::string>();
  const auto file = disk.open(path, queue::Open::read);
  if (!file) return file.error();
  auto text = queue::read_whole(**file, kMostOctets);
  if (!text) return text.error();
  return std::optional(std::move(*text));
}

}  // namespace

boost::filesystem::path record_file(const boost::filesystem::path& spool) { return spool / "rates"; }

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  return file >> id && id.size() <= 64 ? id : "unknown";
}

RateLimits::RateLimits(RateServices services, const RateRules& rules, const RateRules& estimates) : services_(std::move(services)) {
  auto state = state_.lock();
  const Instant now = advance(*state, system::instant_now());
  read(*state, moment(now));
  apply(*state, rules, estimates);
  for (auto& [key, entry] : state->entries) entry->account.begin(state->past, now);
}

Moment RateLimits::moment(Instant instant) const { return {Clock::current().wall(), instant, services_.boot}; }

// The latest time of several threads' clocks.
Instant RateLimits::advance(State& state, Instant now) { return state.now = std::max(state.now, now); }

RateLimits::Entry& RateLimits::entry_of(State& state, const std::string& key) {
  auto& entry = state.entries[key];
  if (!entry) entry = std::make_shared<Entry>(Entry{key, {}, {}});
  return *entry;
}

// Whatever has no rule any more has no limit.
void RateLimits::apply(State& state, const RateRules& rules, const RateRules& estimates) {
  for (auto& [key, entry] : state.entries)
    if (!rules.contains(key) && !estimates.contains(key)) entry->account.apply(nullptr);
  for (const auto& [key, rule] : rules) entry_of(state, key).account.apply(&rule);
  for (const auto& [key, rule] : estimates) entry_of(state, key).account.apply(&rule, Account::Kind::estimate);
}

void RateLimits::read(State& state, const Moment& now) {
  const auto text = read_file(services_.disk, services_.file);
  Result<std::vector<SavedLimit>> saved = std::vector<SavedLimit>();
  if (!text) saved = text.error();
  if (text && *text) saved = parse_record(**text, now);
  if (!saved)
    log(LogLine(Priority::error, "rates")
            .add("file", services_.file.string())
            .add("reason", saved.error().message)
            .add("note",
                 "what was handed over before is not known: mail of routes with a limit waits for a whole period; "
                 "to begin with nothing used, remove the file and restart mxpressd"));
  if (saved)
    for (const SavedLimit& limit : *saved)
      entry_of(state, limit.key).account.restore(limit.counts, limit.period, limit.entries, limit.reserved, now.instant);
  if (!saved) state.past = Account::Past::lost;
}

void RateLimits::reconfigured(const RateRules& rules, const RateRules& estimates) {
  std::vector<Waiter> waiters;
  {
    auto state = state_.lock();
    apply(*state, rules, estimates);
    for (auto& [key, entry] : state->entries) {
      const auto of_entry = called(*entry, state->now);
      waiters.insert(waiters.end(), of_entry.begin(), of_entry.end());
    }
  }
  call(waiters);
}

// Removes and returns those that are called now.
std::vector<Waiter> RateLimits::called(Entry& entry, Instant now) {
  std::vector<Waiter> waiters;
  if (entry.line.empty()) return waiters;
  entry.line.call(now);
  entry.line.for_each([&](const Waiter& who) { waiters.push_back(who); });
  return waiters;
}

void RateLimits::when_free(std::size_t worker, Again again) {
  auto all = again_.lock();
  if (again)
    (*all)[worker] = std::move(again);
  else
    all->erase(worker);
}

void RateLimits::call(const std::vector<Waiter>& waiters) {
  if (waiters.empty()) return;
  auto all = again_.lock();
  for (const Waiter& who : waiters)
    if (const auto again = all->find(who.worker); again != all->end()) again->second(who.site);
}

RateLimits::Taken RateLimits::take(const std::string& key, const Waiter& who, Instant when) {
  auto state = state_.lock();
  const Instant now = advance(*state, when);
  const auto found = state->entries.find(key);
  if (found == state->entries.end() || !found->second->account.has_limit()) return {};
  auto& [_, account, line] = *found->second;
  auto wait = [&](Instant until) -> Taken {
    line.wait(who, until);
    return {nullptr, until};
  };
  if (const auto until = line.behind_others(who, now)) return wait(*until);
  const Amount reserved = account.reserved(now);
  if (reserved.messages > 0 && reserved.recipients > 0) {
    account.take({1, 1});
    line.leave(who);
    const auto others = called(*found->second, now);
    Taken taken{std::make_unique<Hold>(*this, found->second), std::nullopt};
    state.unlock();
    call(others);
    return taken;
  }
  if (const auto why = account.waits(now)) return wait(why->until.value_or(now + kForEndOfDelivery));
  account.want({1, 1});
  if (now < state->write_again) return wait(state->write_again);
  Taken waits = wait(now + kForRecord);
  state.unlock();
  save_soon();
  return waits;
}

void RateLimits::save_soon() {
  if (!services_.files) return save();
  services_.files->post({{}, kRecordOctets}, [this] { save(); });
}

void RateLimits::save() {
  write([](Entry& entry, Instant now) { return entry.account.record(entry.key, now); },
        [](const Entry& entry) { return entry.account.is_wanted(); });
}

void RateLimits::close() {
  write([](Entry& entry, Instant now) { return entry.account.last_record(entry.key, now); },
        [](const Entry& entry) { return entry.account.has_news(); });
}

// One file has the limits of all accounts.
template <class RecordOf, class IsNeeded>
void RateLimits::write(RecordOf record_of, IsNeeded is_needed) {
  const std::lock_guard one_at_a_time(writing_);
  std::string text;
  {
    auto state = state_.lock();
    const bool any = std::any_of(state->entries.begin(), state->entries.end(), [&](const auto& entry) { return is_needed(*entry.second); });
    if (!any) return;
    const Instant now = advance(*state, system::instant_now());
    std::string lines;
    for (auto& [key, entry] : state->entries) lines += record_of(*entry, now);
    text = record_text(moment(now), lines);
  }
  finish(queue::replace_small_file(services_.disk, services_.file, text));
}

void RateLimits::finish(const Status& written) {
  std::vector<Waiter> waiters;
  bool is_first_failure = false;
  {
    auto state = state_.lock();
    const Instant now = advance(*state, system::instant_now());
    is_first_failure = !written && !state->has_failed;
    state->has_failed = !written;
    if (!written) state->write_again = now + kAfterFailure;
    for (auto& [key, entry] : state->entries) {
      entry->account.recorded(written.ok());
      const auto of_entry = called(*entry, now);
      waiters.insert(waiters.end(), of_entry.begin(), of_entry.end());
    }
  }
  if (is_first_failure)
    log(LogLine(Priority::error, "rates")
            .add("reason", written.error().message)
            .add("note", "mail of routes with a limit waits until the file can be written"));
  call(waiters);
}

std::optional<RateLimits::Why> RateLimits::why(const std::string& key, Instant when) {
  auto state = state_.lock();
  const Instant now = advance(*state, when);
  const auto found = state->entries.find(key);
  if (found == state->entries.end() || !found->second->account.has_limit()) return std::nullopt;
  const auto wait = found->second->account.waits(now);
  if (!wait) return std::nullopt;
  return Why{"waits for the rate limit of " + found->second->account.routes() + " (" + wait->limit + ")", wait->until};
}

std::vector<AccountStatus> RateLimits::status(Instant when) {
  std::vector<AccountStatus> all;
  auto state = state_.lock();
  const Instant now = advance(*state, when);
  for (auto& [key, entry] : state->entries) {
    if (!entry->account.has_limit()) continue;
    AccountStatus& status = all.emplace_back(AccountStatus{entry->account.routes(), entry->account.status(now)});
    if (const auto wait = entry->account.waits(now); wait && wait->until) status.next = system::to_wall(*wait->until);
  }
  return all;
}

}  // namespace mxpress::mta::rates
