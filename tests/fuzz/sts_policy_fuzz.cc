// Fuzzes MTA-STS: a policy, a record, and the file of kept policies.
#include "mta/sts/policy.h"
#include "mta/sts/policy_cache.h"
#include "proto/sha256.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace mxpress;
using namespace mta::sts;

void read_policy(std::string_view text) {
  const auto policy = parse_policy(text);
  if (!policy) return expect(is_plain(policy.error().message));
  expect(policy->max_age.count() >= 0 && policy->max_age <= kLongestAge);
  expect(policy->mx.size() <= kMostPatterns && (policy->mode == Mode::none || !policy->mx.empty()));
  for (const auto& pattern : policy->mx) expect(is_plain(pattern.text()) && pattern.text().find(' ') == std::string::npos);
  PolicyCache cache;
  const WallTime now{std::chrono::hours(500'000)};
  cache.keep("there.example", {*policy, "id", now, now}, now);
  const auto again = PolicyCache::parse(cache.text());
  expect(again.ok() && again->text() == cache.text());
}

void read_record(std::string_view text) {
  const auto id = record_id({std::string(text)});
  if (!id) return expect(is_plain(id.error().message));
  expect(id->empty() || is_id(*id));
}

// With a digest that is right: what is behind it must be safe, too.
void read_file(std::string_view text) {
  const std::string lines = "mta-sts 1\n" + std::string(text);
  const auto cache = PolicyCache::parse(lines + "sha256 " + proto::sha256_hex(lines) + "\n");
  if (cache) expect(PolicyCache::parse(cache->text()).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  read_policy(text);
  read_record(text);
  read_file(text);
  return 0;
}
