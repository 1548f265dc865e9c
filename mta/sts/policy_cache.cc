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

// Octets outside the string itself.
std::size_t octets_outside(const std::string& text) {
  static const std::size_t inside = std::string().capacity();
  return text.capacity() <= inside ? 0 : text.capacity() + 1 + kAllocation;
}

std::size_t octets_of(const std::string& domain, const KeptPolicy& kept) {
  std::size_t octets = kOfMap + sizeof domain + sizeof kept + 2 * kAllocation + octets_outside(domain) + octets_outside(kept.id);
  octets += kept.policy.mx.capacity() * sizeof(net::MxPattern);
  for (const net::MxPattern& pattern : kept.policy.mx) octets += octets_outside(pattern.text());
  return octets;
}

std::int64_t seconds_of(WallTime time) { return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(); }

// Domain, id, times, uid, and the policy: without an empty word, separated by one space.
std::string line_of(const std::string& domain, const KeptPolicy& kept) {
  std::string line = domain + " " + kept.id + " " + std::to_string(seconds_of(kept.fetched)) + " " + std::to_string(seconds_of(kept.used));
  line += " " + std::to_string(kept.owner.user_of_socket());
  line.append(" ").append(to_string(kept.policy.mode)).append(" ").append(std::to_string(kept.policy.max_age.count()));
  for (const net::MxPattern& pattern : kept.policy.mx) line += " " + pattern.text();
  return line + "\n";
}

std::string_view take_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

std::optional<std::int64_t> take_number(std::string_view& line) {
  const std::string_view word = take_word(line);
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
  const auto uid = take_number(line);
  if (!domain || !is_id(kept.id) || !fetched || !used || !uid) return damaged;
  auto policy = policy_in(line);
  if (!policy) return damaged;
  kept.policy = std::move(*policy);
  kept.fetched = *fetched;
  kept.used = *used;
  kept.owner = fairness::Owner::user(*uid);
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
  if (kept.owner != owner) kept.owner = {};
  if (kept.used > now || now - kept.used >= kDay) kept.used = now;
  return &kept;
}

const KeptPolicy* PolicyCache::find(const std::string& domain, WallTime now) const {
  const auto found = policies_.find(domain);
  return found != policies_.end() && now < found->second.end() ? &found->second : nullptr;
}

void PolicyCache::keep(const std::string& domain, KeptPolicy kept, WallTime now) {
  if (const auto known = policies_.find(domain); known != policies_.end()) erase(known);
  const auto added = policies_.emplace(domain, std::move(kept)).first;
  octets_ += octets_of(added->first, added->second);
  make_room(now);
}

void PolicyCache::erase(Policies::iterator policy) {
  octets_ -= octets_of(policy->first, policy->second);
  policies_.erase(policy);
}

// A tenth goes at once, so that not every new policy searches all of them.
void PolicyCache::make_room(WallTime now) {
  if (policies_.size() <= kMostPolicies && octets_ <= kMostOctets) return;
  struct Share {
    std::size_t octets = 0;
    std::vector<Policies::iterator> policies{};  // the next one to go is the last
  };
  std::map<fairness::Owner, Share> shares;
  for (auto policy = policies_.begin(); policy != policies_.end(); ++policy) {
    Share& share = shares[policy->second.owner];
    share.octets += octets_of(policy->first, policy->second);
    share.policies.push_back(policy);
  }
  const auto rank = [now](const Policies::iterator& policy) { return std::pair(now < policy->second.end(), policy->second.used); };
  for (auto& [owner, share] : shares)
    std::sort(share.policies.begin(), share.policies.end(), [&](const auto& a, const auto& b) { return rank(a) > rank(b); });
  const auto urgency = [&](const Share& share) {
    return std::pair(!share.policies.empty() && now >= share.policies.back()->second.end(), share.octets);
  };
  while (policies_.size() > kMostPolicies / 10 * 9 || octets_ > kMostOctets / 10 * 9) {
    Share& share = std::max_element(shares.begin(), shares.end(), [&](const auto& a, const auto& b) {
                     return urgency(a.second) < urgency(b.second);
                   })->second;
    const Policies::iterator policy = share.policies.back();
    share.policies.pop_back();
    share.octets -= octets_of(policy->first, policy->second);
    erase(policy);
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
