// Collects evidence, and chooses the next probe.
#include "mta/delivery/outage_gate.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace mxpress::mta::delivery {
namespace {

constexpr std::size_t kMostReached = 1000;  // remembered subjects; others wait as if they had not been reached

Duration wait_after(std::uint32_t failures) {
  using std::chrono::minutes;
  static constexpr Duration kWaits[] = {minutes(1), minutes(2), minutes(5), minutes(10), minutes(15)};
  return kWaits[std::min<std::size_t>(std::max(failures, 1u), std::size(kWaits)) - 1];
}

}  // namespace

std::uint64_t network_of(const dns::Address& address) {
  std::uint64_t network = address.is_v6 ? 1 : 0;
  for (std::size_t i = 0; i < (address.is_v6 ? 4u : 2u); ++i) network = network << 8 | static_cast<unsigned char>(address.bytes[i]);
  return network;
}

void OutageGate::succeeded(const std::string& name, std::uint64_t network, Instant now) {
  last_success_ = now;
  failed_.clear();
  if (!closed_) return;
  const std::uint64_t before = changes_;
  const EndedTrials ended = end_trials(name);
  let_pass(name);
  if (ended.was_under_way) changes_ = before;
  if (ended.others_wait) ++changes_;
  reached(network, now);
}

// Returns true if the evidence has lasted long enough.
bool OutageGate::note(const Subject& subject, Instant now) {
  if (closed_) {
    forget(subject);
    trial_failed(subject);
    (void)add(subject);
    return false;
  }
  std::erase_if(failed_, [now](const auto& one) { return now - one.second.latest > kEvidence; });
  const auto is_it = [&](const auto& one) { return one.second.subject.name == subject.name; };
  auto found = std::find_if(failed_.begin(), failed_.end(), is_it);
  if (found == failed_.end()) found = failed_.find(subject.network);
  if (found != failed_.end()) {
    found->second.latest = now;
  } else if (failed_.size() < kNetworks) {
    failed_.emplace(subject.network, Failure{subject, now, now});
  }
  return std::any_of(failed_.begin(), failed_.end(), [now](const auto& one) { return now - one.second.first >= kConfirm; });
}

bool OutageGate::failed(const Subject& subject, Instant now) {
  const bool has_lasted = note(subject, now);
  const bool is_quiet = !last_success_ || now - *last_success_ >= kQuiet;
  return !closed_ && has_lasted && is_quiet && failed_.size() >= kNetworks;
}

bool OutageGate::failed_here(const Subject& subject, Instant now) { return note(subject, now) && !closed_; }

void OutageGate::close(Evidence evidence, Instant now) {
  closed_ = true;
  has_trials_ = evidence == Evidence::of_subjects && asks_ == Asks::candidates;
  for (const auto& [network, failure] : failed_) {
    trial_failed(failure.subject);
    (void)add(failure.subject);
  }
  ++changes_;
  failures_ = 1;
  last_probe_ = now;
  next_probe_ = now + wait_after(failures_);
}

// Earlier failures do not count for the next outage.
void OutageGate::open() {
  closed_ = confirming_ = false;
  ++changes_;
  failed_.clear();
  trials_.clear();
  candidates_.clear();
  owners_.clear();
  passing_.clear();
  reached_networks_.clear();
  confirmed_failures_.clear();
  failures_ = 0;
}

bool OutageGate::add(Subject subject) {
  if (candidates_.contains(subject.name)) return false;
  if (owners_[subject.owner].first >= kMostCandidates / 2 || !make_room_for(subject.owner)) return false;
  ++owners_[subject.owner].first;
  std::string name = subject.name;
  candidates_.emplace(std::move(name), Candidate{std::move(subject)});
  return true;
}

// Whoever has the most candidates gives one up for an owner who has fewer, even with the new one.
bool OutageGate::make_room_for(const fairness::Owner& owner) {
  if (candidates_.size() < kMostCandidates) return true;
  const auto most =
      std::max_element(owners_.begin(), owners_.end(), [](const auto& a, const auto& b) { return a.second.first < b.second.first; });
  if (most->second.first <= owners_[owner].first + 1) return false;
  const auto his =
      std::find_if(candidates_.begin(), candidates_.end(), [&](const auto& one) { return one.second.subject.owner == most->first; });
  candidates_.erase(his);
  --most->second.first;
  return true;
}

bool OutageGate::may_try(const Subject& subject) {
  if (!has_trials_) return false;
  if (!trials_.contains(subject.owner) && trials_.size() >= kMostTrying) return false;
  auto& [trials, others_wait] = trials_[subject.owner];
  if (const auto known = trials.find(subject.name); known != trials.end()) return known->second == Trial::under_way;
  if (trials.size() < kTrials) return trials.emplace(subject.name, Trial::under_way).second;
  others_wait = true;
  return false;
}

// Ends the trials of all owners: they have tried the same subject.
void OutageGate::trial_failed(const Subject& subject) {
  if (!has_trials_) return;
  for (auto& [owner, trials] : trials_)
    if (const auto trial = trials.by_name.find(subject.name); trial != trials.by_name.end()) trial->second = Trial::failed;
  if (!trials_.contains(subject.owner) && trials_.size() >= kMostTrying) return;
  auto& trials = trials_[subject.owner].by_name;
  if (trials.size() < kTrials) trials.emplace(subject.name, Trial::failed);
}

OutageGate::EndedTrials OutageGate::end_trials(const std::string& name) {
  EndedTrials ended;
  for (auto& [owner, trials] : trials_) {
    const auto trial = trials.by_name.find(name);
    if (trial == trials.by_name.end()) continue;
    ended.was_under_way = ended.was_under_way || trial->second == Trial::under_way;
    ended.others_wait = std::exchange(trials.others_wait, false) || ended.others_wait;
    trials.by_name.erase(trial);
  }
  return ended;
}

bool OutageGate::passes(const Subject& subject, Instant now) {
  if (would_pass(subject.name) || may_try(subject)) return true;
  if (add(subject)) next_probe_ = std::min(next_probe_, std::max(now, last_probe_ + kFresh));
  return false;
}

bool OutageGate::may_ask(const Candidate& candidate) const {
  if (!confirming_) return true;
  const std::uint64_t network = candidate.subject.network;
  return !confirmed_failures_.contains(network) && !reached_networks_.contains(network);
}

std::optional<OutageGate::Subject> OutageGate::next_probe(Instant now) {
  if (!closed_ || now < next_probe_) return std::nullopt;
  Candidate* next = nullptr;
  const auto place = [this](const Candidate& one) { return std::tuple(owners_[one.subject.owner].second, one.asked, one.subject.name); };
  for (auto& [name, candidate] : candidates_)
    if (may_ask(candidate) && (!next || place(candidate) < place(*next))) next = &candidate;
  if (!next && asks_ == Asks::candidates) return std::nullopt;
  last_probe_ = now;
  next_probe_ = now + wait_after(failures_ + 1);
  if (!next) return Subject();
  owners_[next->subject.owner].second = next->asked = ++probes_;
  return next->subject;
}

bool OutageGate::is_anybody_left() const {
  return std::any_of(candidates_.begin(), candidates_.end(), [this](const auto& one) { return may_ask(one.second); });
}

std::optional<Instant> OutageGate::due() const {
  const bool anybody = asks_ == Asks::anybody || is_anybody_left();
  return closed_ && anybody ? std::optional(next_probe_) : std::nullopt;
}

void OutageGate::postpone(Instant now) {
  ++failures_;
  last_probe_ = now;
  next_probe_ = now + wait_after(failures_);
}

void OutageGate::probe_failed(const Subject& subject, Instant now) {
  if (!closed_) return;
  forget(subject);
  if (!confirming_) return postpone(now);
  confirmed_failures_.insert(subject.network);
  next_probe_ = now;
  if (confirmed_failures_.size() >= kNetworks) {  // only few can be reached, such as the hosts of this host's own provider
    confirming_ = false;
    failures_ = 0;
    return postpone(now);
  }
  open_if_nobody_is_left();
}

void OutageGate::let_pass(const std::string& name) {
  if (closed_ && passing_.size() < kMostReached && passing_.insert(name).second) ++changes_;
}

void OutageGate::forget(const Subject& subject) {
  if (passing_.erase(subject.name) != 0) reached_networks_.erase(subject.network);
}

// Hosts that share one network show only that they themselves can be reached.
void OutageGate::reached(std::uint64_t network, Instant now) {
  const bool is_first = reached_networks_.empty();
  reached_networks_.insert(network);
  if (reached_networks_.size() > 1) return open();
  if (is_first) {
    confirming_ = true;
    confirmed_failures_.clear();
    next_probe_ = now;
  }
  if (confirming_) open_if_nobody_is_left();
}

// Opens it if fewer networks fail than are needed to close it.
void OutageGate::open_if_nobody_is_left() {
  if (!is_anybody_left()) open();
}

std::vector<OutageGate::Subject> OutageGate::candidates(std::size_t most) const {
  std::vector<Subject> some;
  for (const auto& [name, candidate] : candidates_)
    if (some.size() < most && candidate.subject.target) some.push_back(candidate.subject);
  return some;
}

}  // namespace mxpress::mta::delivery
