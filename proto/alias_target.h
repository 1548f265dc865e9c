// Targets of aliases, as in /etc/aliases, files named in `:include:` and the configuration. Postfix aliases(5); `:fail:`, `:defer:` and
// `:blackhole:` as in Exim (its specification, "special items in redirection lists").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mxpress::proto {

struct AliasTarget {
  enum class Kind : std::uint8_t {
    address,    // "user", "user@example.org"
    final,      // "\user": the user himself, whatever aliases he has
    include,    // ":include:/path"
    command,    // "|command"
    file,       // "/path"
    fail,       // ":fail: words": mail is refused
    defer,      // ":defer: words": mail waits
    blackhole,  // ":blackhole:" or "/dev/null": mail is accepted and thrown away
    mistake,    // none of these
  };
  Kind kind = Kind::address;
  // The address, name, path or command without its mark; printable words for the sender; of a mistake, one sentence about the error.
  std::string text;
  std::uint32_t line = 0;  // in its file; 0: in the configuration
  bool operator==(const AliasTarget&) const = default;
};

using AliasTargets = std::vector<AliasTarget>;

// Targets separated by commas; empty ones are skipped. Comments in parentheses and names in front of "<address>" are dropped. An address or
// name can be given to Mailbox::parse_qualifying(). The words of `fail` and `defer` go to the end of the list, which has no other target
// then. Linear time.
AliasTargets parse_alias_targets(std::string_view list, std::uint32_t line = 0);
// The target in the syntax of a file of aliases, with quotes where they are needed.
std::string to_string(const AliasTarget& target);

}  // namespace mxpress::proto
