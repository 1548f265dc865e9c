// Counts, loads and stores.
#include "mta/tlsrpt/recorder.h"

#include <algorithm>
#include <utility>

#include "mta/config/config.h"
#include "mta/fairness/file_turns.h"
#include "mta/system/log.h"
#include "queue/small_file.h"

namespace mxpress::mta::tlsrpt {
namespace {

constexpr std::uint64_t kMostOfFile = 4 * Ledger::kMostOctets;

Day today() { return day_of(Clock::current().wall()); }

Result<Ledger> read_ledger(queue::Disk& disk, const std::string& file) {
  const auto is_there = disk.exists(file);
  if (!is_there) return is_there.error();
  if (!*is_there) return Ledger();
  const auto opened = disk.open(file, queue::Open::read);
  if (!opened) return opened.error();
  const auto text = queue::read_whole(**opened, kMostOfFile);
  return text ? Ledger::parse(*text) : Result<Ledger>(text.error());
}

}  // namespace

Recorder::Recorder(Parts parts) : parts_(std::move(parts)) {
  state_.lock()->random.seed(parts_.seed);
  if (parts_.disk) load();
}

void Recorder::load() {
  auto ledger = read_ledger(*parts_.disk, parts_.file);
  if (ledger) {
    state_.lock()->ledger = std::move(*ledger);
    return;
  }
  LogLine line(Priority::error, "tlsrpt");
  line.add("reason", parts_.file + ": " + ledger.error().message);
  const std::string aside = parts_.file + ".damaged";
  const Status moved = ledger.error().is_transient() ? Status(ledger.error()) : parts_.disk->rename(parts_.file, aside);
  if (moved) line.add("kept", aside);
  line.add("note", "the sessions counted so far are lost: they are missing in the next reports about TLS");
  log(line);
}

bool Recorder::is_on() const { return parts_.config.get()->tls_reports.enabled; }

void Recorder::take(const events::Event& event) {
  const auto* const connected = std::get_if<events::Connected>(&event);
  if (!connected || !is_on()) return;
  if (const auto session = session_of(*connected, parts_.policies)) add(*session);
}

void Recorder::fetch_failed(const std::string& domain, const sts::FetchFailure& failure) {
  if (is_on()) add(session_of(domain, failure));
}

void Recorder::add(const Session& session) {
  bool must_tell = false;
  {
    auto state = state_.lock();
    const auto silent = state->silent.find(session.domain);
    if (silent != state->silent.end() && BootClock::now() < silent->second) return;
    if (silent != state->silent.end()) state->silent.erase(silent);
    const auto most = std::chrono::seconds(kLongestDelay).count();
    const std::chrono::seconds delay(static_cast<std::int64_t>(state->random() % static_cast<std::uint64_t>(most)));
    const auto added = state->ledger.add(session, today(), delay);
    if (added == Ledger::Added::no_room) return static_cast<void>(++dropped_);
    if (added == Ledger::Added::first) state->to_ask.push_back(session.domain);
    state->is_changed = true;
    must_tell = !std::exchange(state->is_told, true) || added == Ledger::Added::first;
  }
  if (must_tell) tell();
}

void Recorder::tell() {
  const auto changed = *changed_.lock();
  if (changed) changed();
}

std::optional<std::string> Recorder::next_to_ask() {
  auto state = state_.lock();
  if (state->to_ask.empty()) return std::nullopt;
  std::string domain = std::move(state->to_ask.back());
  state->to_ask.pop_back();
  return domain;
}

void Recorder::wants_none(const std::string& domain, std::chrono::seconds ttl) {
  auto state = state_.lock();
  const BootTime now = BootClock::now();
  state->ledger.erase({today(), domain});
  state->is_changed = true;
  if (state->silent.size() >= kMostSilent) std::erase_if(state->silent, [now](const auto& one) { return now >= one.second; });
  if (state->silent.size() >= kMostSilent) state->silent.erase(state->silent.begin());
  state->silent[domain] = now + std::clamp<std::chrono::seconds>(ttl, kSilence, kLongestSilence);
}

// A day after today comes of a clock that was wrong; tomorrow may do so by a little.
std::vector<Ledger::Key> Recorder::due() {
  auto state = state_.lock();
  const std::size_t forgotten = state->ledger.forget_outside(today() - kMostAge, today() + std::chrono::days(1));
  if (forgotten > 0) state->is_changed = true;
  if (is_on()) return state->ledger.due(Clock::current().wall());
  if (state->ledger.size() > 0) state->is_changed = true;
  state->ledger.clear();
  return {};
}

std::optional<DomainDay> Recorder::find(const Ledger::Key& key) {
  auto state = state_.lock();
  const DomainDay* const day = state->ledger.find(key);
  return day ? std::optional(*day) : std::nullopt;
}

void Recorder::set_sending(const Ledger::Key& key, Sending sending) {
  auto state = state_.lock();
  state->ledger.set_sending(key, std::move(sending));
  state->is_changed = true;
}

void Recorder::forget(const Ledger::Key& key) {
  auto state = state_.lock();
  state->ledger.erase(key);
  state->is_changed = true;
}

std::size_t Recorder::unsaved() {
  auto state = state_.lock();
  state->is_told = false;
  return parts_.disk && state->is_changed ? 1 + state->ledger.octets() : 0;
}

void Recorder::save(fairness::FileTurns* files) {
  const std::size_t octets = unsaved();
  if (octets == 0) return;
  if (files)
    files->post({{}, octets}, [this] { write(); });
  else
    write();
}

void Recorder::save_now() {
  if (parts_.disk) write();
}

void Recorder::write() {
  const std::lock_guard one_at_a_time(writing_);
  std::optional<Ledger> ledger;
  {
    auto state = state_.lock();
    if (!std::exchange(state->is_changed, false)) return;
    ledger = state->ledger;
  }
  const Status written = queue::replace_small_file(*parts_.disk, parts_.file, ledger->text());
  if (written) return;
  state_.lock()->is_changed = true;
  log(LogLine(Priority::error, "tlsrpt").add("reason", written.error().message).add("note", "a restart forgets sessions for reports"));
}

}  // namespace mxpress::mta::tlsrpt
