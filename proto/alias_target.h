// Targets of aliases, as /etc/aliases, files of `:include:` and the configuration write them. Postfix aliases(5); the words between colons
// are Exim's (its specification, "special items in redirection lists").
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
  // The address, name, path or command without its mark; printable words for the sender; of a mistake, what is wrong in one sentence.
  std::string text;
  std::uint32_t line = 0;  // of its file; 0: in the configuration
  bool operator==(const AliasTarget&) const = default;
};

using AliasTargets = std::vector<AliasTarget>;

// Targets with commas between; empty ones are passed over. Comments in parentheses and names in front of "<address>" are dropped. An
// address or name suits Mailbox::parse_qualifying(). Words of `fail` and `defer` go to the end of the list, and it has no other target then.
// Linear time.
AliasTargets parse_alias_targets(std::string_view list, std::uint32_t line = 0);
// The target in the syntax of a file of aliases, with quotes where they are needed.
std::string to_string(const AliasTarget& target);

}  // namespace mxpress::proto
