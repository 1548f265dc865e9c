// The ledger as a file.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <optional>

#include "mta/tlsrpt/ledger.h"
#include "proto/sha256.h"

namespace mxpress::mta::tlsrpt {
namespace {

namespace json = boost::json;

constexpr std::string_view kTitle = "tlsrpt 1\n";
constexpr std::string_view kDigest = "sha256 ";

json::string text_of(std::string_view text) { return json::string(json::string_view(text.data(), text.size())); }

json::array array_of(const std::vector<std::string>& texts) {
  json::array array;
  for (const std::string& text : texts) array.push_back(text_of(text));
  return array;
}

json::object object_of(const Failure& failure, std::uint64_t count) {
  json::object object;
  object["type"] = text_of(net::to_string(failure.type));
  object["sending"] = text_of(failure.sending_address);
  object["host"] = text_of(failure.host);
  object["name"] = text_of(failure.host_name);
  object["address"] = text_of(failure.address);
  object["reason"] = text_of(failure.reason);
  object["count"] = count;
  return object;
}

json::object object_of(const Policy& policy, const PolicyCounts& counts) {
  json::object object;
  object["type"] = text_of(to_string(policy.type));
  object["domain"] = text_of(policy.domain);
  object["lines"] = array_of(policy.lines);
  object["mx"] = array_of(policy.mx);
  object["succeeded"] = counts.succeeded;
  object["failed"] = counts.failed;
  json::array failures;
  for (const auto& [failure, count] : counts.failures) failures.push_back(object_of(failure, count));
  object["failures"] = std::move(failures);
  return object;
}

std::int64_t seconds_of(WallTime time) { return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(); }

json::object object_of(const DomainDay& day) {
  json::object object;
  object["day"] = day.day.time_since_epoch().count();
  object["domain"] = text_of(day.domain);
  object["delay"] = static_cast<std::int64_t>(day.sending.delay.count());
  object["tries"] = day.sending.tries;
  object["next_try"] = seconds_of(day.sending.next_try);
  object["pending"] = array_of(day.sending.pending);
  json::array policies;
  for (const auto& [policy, counts] : day.policies) policies.push_back(object_of(policy, counts));
  object["policies"] = std::move(policies);
  return object;
}

// Reads the members of objects, and notes what is missing or of another kind.
class Members {
 public:
  bool are_right() const { return are_right_; }

  std::string text(const json::object& object, std::string_view name) {
    const auto* const value = member(object, name);
    const auto* const text = value ? value->if_string() : nullptr;
    return text ? std::string(*text) : (are_right_ = false, std::string());
  }
  std::int64_t number(const json::object& object, std::string_view name, std::int64_t most) {
    const auto* const value = member(object, name);
    const auto* const number = value ? value->if_int64() : nullptr;
    const bool is_right = number && *number >= 0 && *number <= most;
    return is_right ? *number : (are_right_ = false, 0);
  }
  const json::array& array(const json::object& object, std::string_view name) {
    static const json::array nothing;
    const auto* const value = member(object, name);
    const auto* const array = value ? value->if_array() : nullptr;
    return array ? *array : (are_right_ = false, nothing);
  }
  std::vector<std::string> texts(const json::object& object, std::string_view name) {
    std::vector<std::string> texts;
    for (const json::value& value : array(object, name)) {
      if (const auto* const text = value.if_string())
        texts.emplace_back(*text);
      else
        are_right_ = false;
    }
    return texts;
  }
  const json::object& object(const json::value& value) {
    static const json::object nothing;
    const auto* const object = value.if_object();
    return object ? *object : (are_right_ = false, nothing);
  }
  template <class T>
  T known(std::optional<T> value) {
    return value ? *value : (are_right_ = false, T());
  }

 private:
  const json::value* member(const json::object& object, std::string_view name) {
    return object.if_contains(json::string_view(name.data(), name.size()));
  }
  bool are_right_ = true;
};

constexpr std::int64_t kMostCount = 1'000'000'000'000'000;
constexpr std::int64_t kLastSecond = 1'000'000'000'000;
constexpr std::int64_t kLastDay = 10'000'000;

void read_failure(Members& members, const json::object& object, PolicyCounts& counts) {
  Failure failure;
  failure.type = members.known(failure_type(members.text(object, "type")));
  failure.sending_address = members.text(object, "sending");
  failure.host = members.text(object, "host");
  failure.host_name = members.text(object, "name");
  failure.address = members.text(object, "address");
  failure.reason = members.text(object, "reason");
  counts.failures[failure] += static_cast<std::uint64_t>(members.number(object, "count", kMostCount));
}

void read_policy(Members& members, const json::object& object, DomainDay& day) {
  Policy policy;
  policy.type = members.known(policy_type(members.text(object, "type")));
  policy.domain = members.text(object, "domain");
  policy.lines = members.texts(object, "lines");
  policy.mx = members.texts(object, "mx");
  PolicyCounts& counts = day.policies[policy];
  counts.succeeded = static_cast<std::uint64_t>(members.number(object, "succeeded", kMostCount));
  counts.failed = static_cast<std::uint64_t>(members.number(object, "failed", kMostCount));
  for (const json::value& failure : members.array(object, "failures")) read_failure(members, members.object(failure), counts);
}

DomainDay read_day(Members& members, const json::object& object) {
  DomainDay day;
  day.day = Day(std::chrono::days(members.number(object, "day", kLastDay)));
  day.domain = members.text(object, "domain");
  day.sending.delay = std::chrono::seconds(members.number(object, "delay", kLastSecond));
  day.sending.tries = static_cast<std::uint32_t>(members.number(object, "tries", UINT32_MAX));
  day.sending.next_try = WallTime(std::chrono::seconds(members.number(object, "next_try", kLastSecond)));
  day.sending.pending = members.texts(object, "pending");
  for (const json::value& policy : members.array(object, "policies")) read_policy(members, members.object(policy), day);
  return day;
}

// The JSON in the file; empty: it is damaged.
std::string_view checked(std::string_view text) {
  const std::size_t end = text.rfind(kDigest);
  if (!text.starts_with(kTitle) || end == text.npos || end < kTitle.size()) return {};
  if (text.substr(end) != std::string(kDigest) + proto::sha256_hex(text.substr(0, end)) + "\n") return {};
  return text.substr(kTitle.size(), end - kTitle.size());
}

}  // namespace

std::string Ledger::text() const {
  json::array days;
  for (const auto& [key, day] : days_) days.push_back(object_of(day));
  std::string text = std::string(kTitle) + json::serialize(days) + "\n";
  return text + std::string(kDigest) + proto::sha256_hex(text) + "\n";
}

Result<Ledger> Ledger::parse(std::string_view text) {
  const Error damaged = Error::permanent("it is damaged");
  const std::string_view content = checked(text);
  boost::system::error_code code;
  const json::value value = json::parse(json::string_view(content.data(), content.size()), code);
  const auto* const days = code ? nullptr : value.if_array();
  if (!days) return damaged;
  Members members;
  Ledger ledger;
  for (const json::value& day : *days) ledger.insert(read_day(members, members.object(day)));
  return members.are_right() ? Result<Ledger>(std::move(ledger)) : damaged;
}

}  // namespace mxpress::mta::tlsrpt
