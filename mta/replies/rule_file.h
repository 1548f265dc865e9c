// Files of rules about replies, in TOML: docs/mxpress-replies.5.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mta/replies/rule_set.h"
#include "proto/outcome.h"
#include "proto/result.h"

namespace mxpress::mta::replies {

inline constexpr std::size_t kMostFile = 512 * 1024;  // octets
inline constexpr std::size_t kMostMistakes = 50;      // that are told

// A reply that a rule is made for.
struct Sample {
  std::size_t rule = 0;  // its index
  proto::HostResult result;
};

struct RuleFile {
  RuleSet rules;
  std::vector<Sample> samples{};
  std::vector<std::string> mistakes{};  // "FILE:LINE: what"; if there are any, no rule counts
};

// Pure. Finds all mistakes it can, also rules whose sample another rule takes.
RuleFile parse_rules(std::string_view toml, const std::string& file_name);

// The reply that a person gives to `mxpress replies test`, or a sample: "550-5.7.1 No", in lines or in one.
proto::HostResult typed_reply(std::string_view text, std::string_view host, When when);

}  // namespace mxpress::mta::replies
