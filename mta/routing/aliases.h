// Resolves names of this host by [local] aliases, then by [local] alias_file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/envelope.h"

namespace mxpress::mta {
struct Config;
}
namespace mxpress::proto {
class NearMiss;
}

namespace mxpress::mta::routing {

// The result of resolving one address.
struct AliasExpansion {
  std::vector<proto::Mailbox> mailboxes;   // each once, in the order of the aliases
  std::vector<std::string> refused;        // targets that cannot be, each a sentence: at most 10
  std::string deferred;                    // a target cannot be known now: mail waits; empty: all are known
  bool is_too_many = false;                // there are more mailboxes than may be
  std::optional<proto::Mailbox> caught{};  // "*" has the mail for this name, if it is that of a user
  std::uint64_t steps = 0;                 // targets that were looked at: the work
};

// A local name becomes its alias's targets, and so do those, one in the other. The first of these that has an alias counts: the name, the
// name without "+tag"; then, where a user has none, "*". Postmaster without an alias goes where root goes. An alias that names itself means
// the user. Up to `most` mailboxes. Bounded: 50 aliases in one another, and so much work as the files have targets.
AliasExpansion expand_alias(const Config& config, const proto::Mailbox& mailbox, std::size_t most);

// ORCPT of those to whom an alias of this name leads.
std::string inherited_original(const proto::Recipient& given);
// Those who get the message in place of `given`. RFC 3461 5.2.7.1, 5.2.7.2 (b): each inherits ORCPT (the address that was given) and
// NOTIFY, but for SUCCESS, which only the first one has.
std::vector<proto::Recipient> recipients_of(const proto::Recipient& given, std::vector<proto::Mailbox> mailboxes);
// The same for mail that mxpress addresses itself; `given` alone where it leads nowhere.
std::vector<proto::Recipient> expanded(const Config& config, const proto::Recipient& given);

// A mailbox that is named twice, or that two aliases lead to, stays once, in its first place, with the notices that either asks for (RFC
// 3461 4.1).
void drop_repetitions(std::vector<proto::Recipient>& recipients);

// The names that `mailbox` may have as a user of this host: as it is written, in lower case, and both without "+tag".
std::vector<std::string> user_names(const proto::Mailbox& mailbox);
void offer_aliases(const Config& config, proto::NearMiss& search);

// The address that was given, where ORCPT tells another one than the mailbox; else empty. Any octets: clean it before showing it.
std::string original_address(const proto::Recipient& recipient);

}  // namespace mxpress::mta::routing
