// Targets of aliases, as in /etc/aliases, files named in `:include:` and the configuration. Postfix aliases(5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mxpress::proto {

struct AliasTarget {
  enum class Kind : std::uint8_t {
    address,  // "user", "user@example.org"
    final,    // "\user": the user's own mailbox, even if he has aliases
    include,  // ":include:/path"
    command,  // "|command"
    file,     // "/path"
    mistake,  // not a target
  };
  Kind kind = Kind::address;
  std::string text;        // the address, name, path or command without its mark; of a mistake, one sentence about the error
  std::uint32_t line = 0;  // in its file; 0: in the configuration
  bool operator==(const AliasTarget&) const = default;
};

using AliasTargets = std::vector<AliasTarget>;

// Targets separated by commas; empty ones are skipped. Comments in parentheses and names in front of "<address>" are dropped. An address or
// name can be given to Mailbox::parse_qualifying(). Linear time.
AliasTargets parse_alias_targets(std::string_view list, std::uint32_t line = 0);
// The target in the syntax of a file of aliases, with quotes where they are needed.
std::string to_string(const AliasTarget& target);

}  // namespace mxpress::proto
