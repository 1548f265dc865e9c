// An MTA-STS policy, and the DNS record that announces it, as a domain publishes them. RFC 8461 3.1, 3.2.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mta/net/tls_policy.h"

namespace mxpress::mta::sts {

inline constexpr std::chrono::seconds kLongestAge{31'557'600};  // RFC 8461 3.2: a year
inline constexpr std::size_t kMostPatterns = 128;               // the usual policy has one to five
inline constexpr std::size_t kMostPatternOctets = 2 * 1024;     // of all of them
inline constexpr std::size_t kLongestId = 32;                   // RFC 8461 3.1

enum class Mode : std::uint8_t { enforce, testing, none };
// The word of the policy: "enforce".
std::string_view to_string(Mode mode);

struct Policy {
  Mode mode = Mode::none;
  std::vector<net::MxPattern> mx{};  // each once, in the order of the policy; at least one, but for `none`
  std::chrono::seconds max_age{0};   // at most kLongestAge
  bool operator==(const Policy&) const = default;
};

// Lines end with LF or CRLF; empty lines and unknown keys are ignored; of repeated keys other than `mx` the first counts; a longer max_age
// counts as kLongestAge. The Error is permanent, printable, and names the line.
Result<Policy> parse_policy(std::string_view text);

// The id in the record. `texts`: the TXT records of _mta-sts.DOMAIN, each as one text. An empty id: there is no record of this kind. An
// Error: several, or a malformed one, which counts as none (RFC 8461 3.1).
Result<std::string> record_id(const std::vector<std::string>& texts);

// 1 to kLongestId letters and digits.
bool is_id(std::string_view text);

}  // namespace mxpress::mta::sts
