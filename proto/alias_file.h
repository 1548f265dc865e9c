// The format of /etc/aliases, and of the files that `:include:` names. Postfix aliases(5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proto/alias_target.h"
#include "proto/text_hash.h"

namespace mxpress::proto {

struct AliasMistake {
  std::uint32_t line = 0;
  std::string text;  // one sentence
};

// By local part in lower case, without quotes.
using AliasNames = std::unordered_map<std::string, AliasTargets, TextHash>;

struct AliasTable {
  AliasNames names;
  std::vector<AliasMistake> mistakes;  // by line: at most kMostMistakes, and how many more there are
};
inline constexpr std::size_t kMostMistakes = 100;

// A line that begins with a blank continues the one before; empty lines and comments ("#") between them change nothing. What is no alias is
// a mistake, and passed over, so is a name that has been there already; of an alias with a wrong target the others hold. Linear time.
AliasTable parse_alias_file(std::string_view text);

struct AliasList {
  AliasTargets targets;
  std::vector<AliasMistake> mistakes;
};
// A file of `:include:`: targets, one or several with commas on a line.
AliasList parse_alias_list(std::string_view text);

}  // namespace mxpress::proto
