// Reads limits of providers.
#include "mta/replies/limits_reader.h"

#include <array>
#include <utility>

#include "mta/config/route_kinds.h"
#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::mta::replies {
namespace {

using config::ConfigEntry;
using config::ConfigValue;

constexpr std::size_t kMostName = 60;
constexpr std::size_t kMostHosts = 40;
constexpr std::int64_t kMostOfLimit = 10'000;

bool is_name(const std::string* text) {
  return text && !text->empty() && text->size() <= kMostName && text->front() != '.' && proto::printable(*text, kMostName) == *text;
}

void read_hosts(ProviderLimits& limits, const ConfigEntry& entry, const Complain& complain) {
  const std::vector<ConfigValue> one = {entry.value};
  const std::vector<ConfigValue>& values = entry.value.list() ? *entry.value.list() : one;
  if (values.size() > kMostHosts) return complain(entry.line, "host takes at most 40 names");
  for (const ConfigValue& value : values) {
    if (!is_name(value.text())) return complain(entry.line, "host takes names such as \"google.com\"");
    limits.hosts.push_back(proto::lower_case(*value.text()));
  }
}

void read_rate(ProviderLimits& limits, const ConfigEntry& entry, const Complain& complain) {
  auto rates = config::rates().parse(entry.value);
  if (!rates) return complain(entry.line, "rate " + rates.error().message);
  limits.rate = std::move(*rates);
}

void read_key(ProviderLimits& limits, const ConfigEntry& entry, const Complain& complain) {
  const std::array<std::pair<std::string_view, std::size_t*>, 3> numbers = {
      {{"connections", &limits.connections}, {"messages", &limits.messages}, {"recipients", &limits.recipients}}};
  for (const auto& [key, number] : numbers) {
    if (key != entry.key) continue;
    const auto* const value = entry.value.number();
    if (!value || *value < 1 || *value > kMostOfLimit) return complain(entry.line, entry.key + " takes a number from 1 to 10000");
    return void(*number = static_cast<std::size_t>(*value));
  }
  if (entry.key == "rate") return read_rate(limits, entry, complain);
  if (entry.key == "host") return read_hosts(limits, entry, complain);
  if (entry.key != "name") return complain(entry.line, "a limit has no key " + proto::printable(entry.key, kMostName));
  if (!is_name(entry.value.text())) return complain(entry.line, "name takes a text of up to 60 octets");
  limits.name = *entry.value.text();
}

}  // namespace

ProviderLimits read_limits(const ConfigValue& value, const Complain& complain) {
  ProviderLimits limits;
  std::uint32_t line = value.line;
  for (const ConfigEntry& entry : *value.table()) {
    if (line == 0) line = entry.line;
    read_key(limits, entry, complain);
  }
  if (limits.name.empty()) complain(line, "the limit has no name");
  if (limits.hosts.empty()) complain(line, "the limit names no host");
  if (limits.connections + limits.messages + limits.recipients == 0 && limits.rate.empty())
    complain(line, "the limit has neither connections nor messages nor recipients nor rate");
  return limits;
}

}  // namespace mxpress::mta::replies
