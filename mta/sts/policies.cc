// Shares, loads and stores policies.
#include "mta/sts/policies.h"

#include <algorithm>
#include <utility>

#include "mta/fairness/file_turns.h"
#include "mta/system/log.h"
#include "queue/retry.h"
#include "queue/small_file.h"

namespace mxpress::mta::sts {
namespace {

constexpr std::uint64_t kMostOfFile = 4 * PolicyCache::kMostOctets;
constexpr std::uint64_t kOctets = 1 << 20;  // of a write, about

WallTime now() { return Clock::current().wall(); }

}  // namespace

std::string count_in_words(Policies& policies) {
  const std::size_t count = policies.size();
  return std::to_string(count) + (count == 1 ? " policy is kept" : " policies are kept");
}

std::string last_failure_in_words(Policies& policies) {
  const auto failure = policies.last_failure();
  if (!failure) return {};
  const Duration ago = std::chrono::floor<std::chrono::minutes>(std::max(now() - failure->when, Duration(0)));
  return "the last failure, " + queue::format_duration(ago) + " ago: " + failure->domain + ": " + failure->why;
}

Result<PolicyCache> read_policies(queue::Disk& disk, const std::string& file) {
  const auto is_there = disk.exists(file);
  if (!is_there) return is_there.error();
  if (!*is_there) return PolicyCache();
  const auto opened = disk.open(file, queue::Open::read);
  if (!opened) return opened.error();
  const auto text = queue::read_whole(**opened, kMostOfFile);
  return text ? PolicyCache::parse(*text) : Result<PolicyCache>(text.error());
}

Policies::Policies(queue::Disk* disk, std::string file, fairness::FileTurns* files) : disk_(disk), file_(std::move(file)), files_(files) {
  if (disk_) load();
}

void Policies::load() {
  auto cache = read_policies(*disk_, file_);
  if (cache) {
    state_.lock()->cache = std::move(*cache);
    return;
  }
  LogLine line(Priority::error, "mta_sts");
  line.add("reason", file_ + ": " + cache.error().message);
  const std::string aside = file_ + ".damaged";
  const Status moved = cache.error().is_transient() ? Status(cache.error()) : disk_->rename(file_, aside);
  if (moved) line.add("kept", aside);
  line.add("note", "the MTA-STS policies known so far are lost: each is fetched again with the next mail for its domain");
  log(line);
}

std::optional<KeptPolicy> Policies::use(const std::string& domain, const fairness::Owner& owner) {
  auto state = state_.lock();
  const KeptPolicy* kept = state->cache.use(domain, owner, now());
  return kept ? std::optional(*kept) : std::nullopt;
}

std::optional<KeptPolicy> Policies::find(const std::string& domain) {
  auto state = state_.lock();
  const KeptPolicy* kept = state->cache.find(domain, now());
  return kept ? std::optional(*kept) : std::nullopt;
}

void Policies::keep(const std::string& domain, KeptPolicy kept) {
  {
    auto state = state_.lock();
    state->cache.keep(domain, std::move(kept), now());
    state->failures.erase(domain);
    state->is_changed = true;
  }
  if (changed_) changed_();
}

std::vector<std::string> Policies::due(std::size_t most, std::string_view after) { return state_.lock()->cache.due(now(), most, after); }

std::size_t Policies::size() { return state_.lock()->cache.size(); }

std::optional<FetchFailure> Policies::failed_lately(const std::string& domain, const std::string& id) {
  auto state = state_.lock();
  const auto found = state->failures.find(domain);
  if (found == state->failures.end() || found->second.id != id || BootClock::now() >= found->second.until) return std::nullopt;
  return found->second.failure;
}

bool Policies::failed(const std::string& domain, const std::string& id, FetchFailure failure) {
  if (failed_) failed_(domain, failure);
  auto state = state_.lock();
  const BootTime time = BootClock::now();
  state->last_failure = {domain, std::string(net::to_string(failure.type)) + ": " + failure.why, now()};
  const auto known = state->failures.find(domain);
  const bool is_known = known != state->failures.end() && known->second.id == id && known->second.failure.why == failure.why;
  const bool is_news = !is_known || time >= known->second.told + kFailureIsNews;
  const BootTime told = is_news ? time : known->second.told;
  if (known == state->failures.end()) make_room(*state);
  state->failures[domain] = {id, std::move(failure), time + kFailureHolds, told};
  return is_news;
}

// The oldest goes.
void Policies::make_room(State& state) {
  if (state.failures.size() < kMostFailures) return;
  const auto is_older = [](const auto& a, const auto& b) { return a.second.until < b.second.until; };
  state.failures.erase(std::min_element(state.failures.begin(), state.failures.end(), is_older));
}

std::optional<LastFailure> Policies::last_failure() { return state_.lock()->last_failure; }

void Policies::save() {
  if (!disk_) return;
  if (files_)
    files_->post({{}, kOctets}, [this] { write(); });
  else
    write();
}

void Policies::save_now() {
  if (disk_) write();
}

void Policies::write() {
  const std::lock_guard one_at_a_time(writing_);
  std::string text;
  {
    auto state = state_.lock();
    if (!std::exchange(state->is_changed, false)) return;
    text = state->cache.text();  // not a copy of the policies, which takes more memory
  }
  const Status written = queue::replace_small_file(*disk_, file_, text);
  if (written) return;
  state_.lock()->is_changed = true;
  log(LogLine(Priority::error, "mta_sts").add("reason", written.error().message).add("note", "a restart forgets MTA-STS policies"));
}

}  // namespace mxpress::mta::sts
