// Bounds the names of sites: a domain may have many mail hosts with long names.
#include "proto/site_key.h"

#include <algorithm>

#include "proto/sha256.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kHost = 255;   // octets of the longest
constexpr std::size_t kDigits = 32;  // 128 bits: nobody can find two sites with one key
constexpr std::size_t kPort = 6;     // with its colon

}  // namespace

std::string short_site_key(std::string key) {
  if (key.size() <= kMaxSiteKey) return key;
  const auto host = std::min(key.find_first_of(",>"), kHost);
  const auto colon = key.rfind(':');
  const bool has_port = colon != std::string::npos && key.size() - colon <= kPort;
  return key.substr(0, host) + '#' + sha256_hex(key, kDigits) + (has_port ? key.substr(colon) : "");
}

}  // namespace mxpress::proto
