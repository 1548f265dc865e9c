// Keeps policies, and writes them as text.
#include "mta/sts/policy_cache.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "proto/domain.h"
#include "proto/sha256.h"

namespace mxpress::mta::sts {
namespace {

constexpr std::string_view kTitle = "mta-sts 1\n";
constexpr std::string_view kDigest = "sha256 ";
constexpr std::chrono::hours kDay(24);
constexpr std::chrono::hours kInUse(30 * 24);
constexpr std::size_t kAllocation = 16;  // octets that the allocator takes for itself, with its rounding
constexpr std::size_t kOfMap = 32;       // octets of an entry beside its value
constexpr std::size_t kOfOwner = 32;     // octets of his own count
constexpr std::size_t kTenths = 10;

// Octets outside the string itself.
std::size_t octets_outside(const std::string& text) {
  static const std::size_t inside = std::string().capacity();
  return text.capacity() <= inside ? 0 : text.capacity() + 1 + kAllocation;
}

std::size_t octets_of(const std::string& domain, const KeptPolicy& kept) {
  std::size_t octets = kOfMap + sizeof domain + sizeof kept + 2 * kAllocation + octets_outside(domain) + octets_outside(kept.id);
  octets += kept.owners.size() * kOfOwner;
  octets += kept.policy.mx.capacity() * sizeof(net::MxPattern);
  for (const net::MxPattern& pattern : kept.policy.mx) octets += octets_outside(pattern.text());
  return octets;
}

std::int64_t seconds_of(WallTime time) { return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(); }

// The uids of those owners that are users; one at least, -1 if there is none.
std::string owners_text(const KeptPolicy& kept) {
  std::string text;
  for (const fairness::Owner& owner : kept.owners)
    if (owner.user_of_socket() >= 0) text.append(text.empty() ? "" : ",").append(std::to_string(owner.user_of_socket()));
  return text.empty() ? "-1" : text;
}

// Domain, id, times, uids, and the policy: without an empty word, separated by one space.
std::string line_of(const std::string& domain, const KeptPolicy& kept) {
  std::string line = domain + " " + kept.id + " " + std::to_string(seconds_of(kept.fetched)) + " " + std::to_string(seconds_of(kept.used));
  line += " " + owners_text(kept);
  line.append(" ").append(to_string(kept.policy.mode)).append(" ").append(std::to_string(kept.policy.max_age.count()));
  for (const net::MxPattern& pattern : kept.policy.mx) line += " " + pattern.text();
  return line + "\n";
}

std::string_view take_word(std::string_view& line, char end_of_word = ' ') {
  const std::size_t end = std::min(line.find(end_of_word), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

std::optional<std::int64_t> take_number(std::string_view& line, char end_of_word = ' ') {
  const std::string_view word = take_word(line, end_of_word);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

std::optional<WallTime> take_time(std::string_view& line) {
  constexpr std::int64_t kLast = 1'000'000'000'000;
  const auto seconds = take_number(line);
  if (!seconds || *seconds < 0 || *seconds > kLast) return std::nullopt;
  return WallTime(std::chrono::seconds(*seconds));
}

bool take_owners(std::string_view& line, KeptPolicy& kept) {
  std::string_view word = take_word(line);
  kept.owners.clear();
  do {
    const auto uid = take_number(word, ',');
    if (!uid || kept.owners.size() == KeptPolicy::kMostOwners) return false;
    kept.owners.push_back(fairness::Owner::user(*uid));
  } while (!word.empty());
  return true;
}

// The rest of the line as a policy: by the parser of policies, so that each that is kept could have been fetched.
Result<Policy> policy_in(std::string_view line) {
  std::string text = "version: STSv1\nmode: " + std::string(take_word(line));
  text += "\nmax_age: " + std::string(take_word(line)) + "\n";
  while (!line.empty()) text += "mx: " + std::string(take_word(line)) + "\n";
  return parse_policy(text);
}

Result<std::pair<std::string, KeptPolicy>> entry_in(std::string_view line) {
  const Error damaged = Error::permanent("it is damaged");
  const auto domain = proto::Domain::parse(take_word(line));
  KeptPolicy kept;
  kept.id = take_word(line);
  const auto fetched = take_time(line), used = take_time(line);
  if (!domain || !is_id(kept.id) || !fetched || !used || !take_owners(line, kept)) return damaged;
  auto policy = policy_in(line);
  if (!policy) return damaged;
  kept.policy = std::move(*policy);
  kept.fetched = *fetched;
  kept.used = *used;
  return std::pair(domain->text(), std::move(kept));
}

}  // namespace

bool KeptPolicy::is_due(WallTime now) const { return now >= fetched + std::min<std::chrono::seconds>(kDay, policy.max_age / 2); }

const KeptPolicy* PolicyCache::use(const std::string& domain, const fairness::Owner& owner, WallTime now) {
  const auto found = policies_.find(domain);
  if (found == policies_.end()) return nullptr;
  KeptPolicy& kept = found->second;
  if (kept.fetched > now) kept.fetched = now;
  if (now >= kept.end()) return nullptr;
  add_owner(domain, kept, owner);
  if (kept.used > now || now - kept.used >= kDay) kept.used = now;
  return &kept;
}

const KeptPolicy* PolicyCache::find(const std::string& domain, WallTime now) const {
  const auto found = policies_.find(domain);
  return found != policies_.end() && now < found->second.end() ? &found->second : nullptr;
}

void PolicyCache::add_owner(const std::string& domain, KeptPolicy& kept, const fairness::Owner& owner) {
  if (std::find(kept.owners.begin(), kept.owners.end(), owner) != kept.owners.end()) return;
  const bool has_room = kept.owners.size() < KeptPolicy::kMostOwners;
  const auto most = std::max_element(kept.owners.begin(), kept.owners.end(), [this](const fairness::Owner& a, const fairness::Owner& b) {
    return of_owner_.find(a)->second < of_owner_.find(b)->second;
  });
  const auto before = of_owner_.find(owner);
  const std::size_t octets_before = before == of_owner_.end() ? 0 : before->second;
  if (!has_room && octets_before >= of_owner_.find(*most)->second - octets_of(domain, kept)) return;
  uncount(domain, kept);
  if (has_room)
    kept.owners.push_back(owner);
  else
    *most = owner;
  count(domain, kept);
}

void PolicyCache::keep(const std::string& domain, KeptPolicy kept, WallTime now) {
  if (const auto known = policies_.find(domain); known != policies_.end()) {
    kept.owners = known->second.owners;
    erase(known);
  }
  const auto added = policies_.emplace(domain, std::move(kept)).first;
  count(added->first, added->second);
  make_room(now);
}

void PolicyCache::count(const std::string& domain, const KeptPolicy& kept) {
  const std::size_t octets = octets_of(domain, kept);
  octets_ += octets;
  for (const fairness::Owner& owner : kept.owners) of_owner_[owner] += octets;
}

void PolicyCache::uncount(const std::string& domain, const KeptPolicy& kept) {
  const std::size_t octets = octets_of(domain, kept);
  octets_ -= octets;
  for (const fairness::Owner& owner : kept.owners) {
    const auto found = of_owner_.find(owner);
    if ((found->second -= octets) == 0) of_owner_.erase(found);
  }
}

void PolicyCache::erase(Policies::iterator policy) {
  uncount(policy->first, policy->second);
  policies_.erase(policy);
}

bool PolicyCache::is_full(std::size_t tenths) const {
  return policies_.size() > kMostPolicies / kTenths * tenths || octets_ > kMostOctets / kTenths * tenths;
}

fairness::Owner PolicyCache::charged(const KeptPolicy& kept) const {
  return *std::min_element(kept.owners.begin(), kept.owners.end(), [this](const fairness::Owner& a, const fairness::Owner& b) {
    return of_owner_.find(a)->second < of_owner_.find(b)->second;
  });
}

// A tenth goes at once, so that not every new policy searches all of them.
void PolicyCache::make_room(WallTime now) {
  if (!is_full(kTenths)) return;
  const auto goes_later = [](const Policies::iterator& a, const Policies::iterator& b) { return a->second.used > b->second.used; };
  std::vector<Policies::iterator> ended;
  std::map<fairness::Owner, std::vector<Policies::iterator>> shares;  // heaps: the first one goes first
  for (auto policy = policies_.begin(); policy != policies_.end(); ++policy)
    (now >= policy->second.end() ? ended : shares[charged(policy->second)]).push_back(policy);
  std::sort(ended.begin(), ended.end(), goes_later);
  for (; is_full(kTenths - 1) && !ended.empty(); ended.pop_back()) erase(ended.back());
  for (auto& [owner, share] : shares) std::make_heap(share.begin(), share.end(), goes_later);
  const auto octets_now = [this](const auto& share) { return share.second.empty() ? 0 : of_owner_.find(share.first)->second; };
  while (is_full(kTenths - 1)) {
    auto& [owner, share] =
        *std::max_element(shares.begin(), shares.end(), [&](const auto& a, const auto& b) { return octets_now(a) < octets_now(b); });
    std::pop_heap(share.begin(), share.end(), goes_later);
    const Policies::iterator policy = share.back();
    share.pop_back();
    const fairness::Owner now_charged = charged(policy->second);  // what went meanwhile may have changed that
    if (now_charged == owner) {
      erase(policy);
    } else {
      shares[now_charged].push_back(policy);
      std::push_heap(shares[now_charged].begin(), shares[now_charged].end(), goes_later);
    }
  }
}

std::vector<std::string> PolicyCache::due(WallTime now, std::size_t most, std::string_view after) const {
  std::vector<std::string> domains;
  auto next = policies_.upper_bound(after);
  for (std::size_t left = policies_.size(); left > 0 && domains.size() < most; --left, ++next) {
    if (next == policies_.end()) next = policies_.begin();
    const auto& [domain, kept] = *next;
    if (kept.is_due(now) && now < kept.end() && now - kept.used < kInUse) domains.push_back(domain);
  }
  return domains;
}

std::string PolicyCache::text() const {
  std::string text;
  text.reserve(octets_ + kTitle.size() + 128);  // so that it grows to no more
  text += kTitle;
  for (const auto& [domain, kept] : policies_) text += line_of(domain, kept);
  const std::string digest = proto::sha256_hex(text);
  text.append(kDigest).append(digest).append("\n");
  return text;
}

Result<PolicyCache> PolicyCache::parse(std::string_view text) {
  const Error damaged = Error::permanent("it is damaged");
  const std::size_t digest = text.rfind(kDigest);
  if (!text.starts_with(kTitle) || digest == text.npos) return damaged;
  std::string_view lines = text.substr(0, digest);
  if (text.substr(digest) != std::string(kDigest) + proto::sha256_hex(lines) + "\n") return damaged;
  PolicyCache cache;
  for (lines.remove_prefix(kTitle.size()); !lines.empty();) {
    const std::size_t end = lines.find('\n');
    if (end == lines.npos) return damaged;
    auto entry = entry_in(lines.substr(0, end));
    if (!entry) return entry.error();
    lines.remove_prefix(end + 1);
    const WallTime used = entry->second.used;
    cache.keep(entry->first, std::move(entry->second), used);
  }
  return cache;
}

}  // namespace mxpress::mta::sts
