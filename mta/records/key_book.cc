// Records the DNS's answers about keys.
#include "mta/records/key_book.h"

#include <algorithm>

#include "dns/resolver.h"
#include "mta/dkim/key_record.h"
#include "mta/dkim/published.h"
#include "proto/printable.h"

namespace mxpress::mta::records {
namespace {

using namespace std::chrono_literals;

constexpr int kDenials = 3;  // within 45 s: the zone may be being reloaded
constexpr Duration kFirstPause = 15s, kLongestPause = 10min, kUsualPause = 1h;

}  // namespace

std::string_view to_string(KeyState state) {
  static constexpr std::string_view kWords[] = {"signs", "waits", "lost", "replaced", "off"};
  return kWords[static_cast<std::size_t>(state)];
}

std::string record_name_of(const KeyStatus& key) { return key.selector + "._domainkey." + key.domain; }

KeyBook::KeyBook(routing::SigningKeys keys, const std::optional<SeenKeys>& seen, WallTime now) : keys_(std::move(keys)) {
  for (const routing::DomainKeys& domain : keys_.domains) {
    for (const auto* list : {&domain.keys, &domain.next}) {
      for (const dkim::SigningKey& one : *list) {
        Entry entry{domain.domain,        one.selector, one.key.public_key(), key_id(domain.domain, one.selector, one.key.public_key()),
                    list == &domain.next, domain.sign};
        if (!seen && !domain.sign && !entry.is_next) entry.seen = now;
        if (seen)
          if (const auto known = seen->find(entry.id); known != seen->end()) entry.seen = known->second;
        if (!entry.seen && domain.sign != SignWhen::always) entry.why = "the DNS has not answered yet";
        entries_.push_back(std::move(entry));
      }
    }
  }
}

void KeyBook::go_on_from(const KeyBook& earlier) {
  for (Entry& entry : entries_) {
    const auto same = [&entry](const Entry& other) { return other.id == entry.id && other.sign == entry.sign; };
    const auto before = std::find_if(earlier.entries_.begin(), earlier.entries_.end(), same);
    if (before == earlier.entries_.end()) continue;
    entry.why = before->why;
    entry.bad = before->bad;
    entry.is_lost = before->is_lost;
    entry.is_told = before->is_told;
  }
}

KeyBook::Change KeyBook::enter(std::size_t index, const dns::Answer& answer, WallTime now) {
  Entry& entry = entries_.at(index);
  ++entry.tries;
  const bool waits = !entry.seen && entry.sign != SignWhen::always;
  const bool is_told = std::exchange(entry.is_told, true);
  if (answer.kind == dns::AnswerKind::failed) {
    if (!entry.seen) entry.why = "its record could not be asked for: " + proto::printable(answer.text, 300);
    return waits && !is_told ? Change::waits : Change::none;
  }
  dkim::RecordCheck check = dkim::check_record(answer.texts, entry.key);
  entry.why = std::move(check.why);
  if (check.matches) return enter_match(entry, now);
  ++entry.bad;
  if (!entry.seen) return waits && !is_told ? Change::waits : Change::none;
  if (entry.bad < kDenials || std::exchange(entry.is_lost, true)) return Change::none;
  return Change::lost;
}

KeyBook::Change KeyBook::enter_match(Entry& entry, WallTime now) {
  const bool is_first = !entry.seen;
  if (is_first) entry.seen = now;
  const bool was_lost = std::exchange(entry.is_lost, false);
  entry.bad = entry.tries = 0;
  return is_first ? Change::signs : was_lost ? Change::back : Change::none;
}

Duration KeyBook::pause(std::size_t index) const {
  const Entry& entry = entries_.at(index);
  if (entry.tries == 0) return kUsualPause;
  return std::min<Duration>(kFirstPause * (1 << std::min(entry.tries - 1, 10)), kLongestPause);
}

bool KeyBook::may_sign(const proto::Domain& domain, const dkim::SigningKey& key) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.domain == domain && entry.selector == key.selector; });
  if (found == entries_.end() || found->sign == SignWhen::never) return false;
  return found->sign == SignWhen::always || found->seen;
}

dkim::KeyRing KeyBook::ring() const {
  return routing::ring_of(keys_,
                          [this](const routing::DomainKeys& domain, const dkim::SigningKey& key) { return may_sign(domain.domain, key); });
}

SeenKeys KeyBook::seen() const {
  SeenKeys seen;
  for (const Entry& entry : entries_)
    if (entry.seen) seen.emplace(entry.id, *entry.seen);
  return seen;
}

std::vector<KeyStatus> KeyBook::status() const {
  const dkim::KeyRing ring = this->ring();
  std::vector<KeyStatus> all;
  for (const Entry& entry : entries_) {
    KeyStatus status{entry.domain.text(), entry.selector, std::string(name_of(entry.key.kind)), state_of(entry), entry.why,
                     entry.seen,          entry.is_next};
    const bool may = status.state == KeyState::signs || status.state == KeyState::lost;
    if (may && !ring.signs(entry.domain, entry.selector)) {
      const bool is_ready = entry.is_next || !ring.has_keys_of(entry.domain);
      status.state = is_ready ? KeyState::waits : KeyState::replaced;
      if (is_ready)
        status.why = entry.is_next ? "its record is there; the other keys of next wait for theirs"
                                   : "its record is there; an RSA key has to sign with it, and waits";
    }
    all.push_back(std::move(status));
  }
  return all;
}

KeyState KeyBook::state_of(const Entry& entry) const {
  if (entry.sign == SignWhen::never) return KeyState::off;
  if (entry.sign != SignWhen::always && !entry.seen) return KeyState::waits;
  return entry.is_lost ? KeyState::lost : KeyState::signs;
}

}  // namespace mxpress::mta::records
