// The format of /etc/aliases, and of the files named in `:include:`. Postfix aliases(5).
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
  std::vector<AliasMistake> mistakes;  // by line: at most kMostMistakes, then the number of further ones
};
inline constexpr std::size_t kMostMistakes = 100;

// A line that begins with a blank continues the line before, even across empty lines and comments ("#"). A line that is not an alias, and a
// name that occurred before, are skipped and reported as mistakes; if one target of an alias is wrong, the others stay. Linear time.
AliasTable parse_alias_file(std::string_view text);

struct AliasList {
  AliasTargets targets;
  std::vector<AliasMistake> mistakes;
};
// A file named in `:include:`: one target per line, or several with commas.
AliasList parse_alias_list(std::string_view text);

}  // namespace mxpress::proto
