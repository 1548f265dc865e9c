// A command of an alias, or `:blackhole:`, as a recipient: a mailbox of a domain that cannot exist (RFC 2606 2); only aliases can lead to
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proto/mailbox.h"

namespace mxpress::proto {

// Names a command of the file of aliases without its text.
struct AliasCommand {
  std::string alias;         // its name, in lower case
  std::uint32_t number = 0;  // position among the commands of this alias, from 1
  bool operator==(const AliasCommand&) const = default;
};

// "list/discard@alias-command.invalid": mail for the alias is thrown away.
Mailbox discarding_recipient(const std::string& alias);
// The alias; none: the mailbox is no such recipient.
std::optional<std::string> discarding_alias(const Mailbox& mailbox);

// "list/1@alias-command.invalid"
Mailbox command_recipient(const AliasCommand& command);
bool is_command_recipient(const Domain& domain);  // of either kind
// None: the mailbox is no such recipient, or malformed.
std::optional<AliasCommand> alias_command(const Mailbox& mailbox);

}  // namespace mxpress::proto
