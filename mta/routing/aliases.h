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
  std::vector<proto::Mailbox> mailboxes;                   // each once, in the order of the aliases
  std::vector<std::string> refused;                        // invalid targets, each a sentence: at most 10
  std::string deferred;                                    // a target is unknown at the moment: mail waits; empty: all are known
  std::optional<std::string> fail_words{}, defer_words{};  // of ":fail:" and ":defer:", for the sender; may be empty
  bool is_too_many = false;                                // there are more mailboxes than allowed
  std::optional<proto::Mailbox> caught{};                  // the mailbox, if "*" was used for it, which is only for users
  std::uint64_t steps = 0;                                 // targets that were looked at: the work
};

// Replaces a local name by its alias's targets, recursively. The first of these with an alias is used: the name, the name without "+tag",
// and, for a user, "*". Postmaster without an alias uses root's. An alias that names itself means the user. Gives up to `most` mailboxes.
// Limits: 50 nested aliases, and work proportional to the targets in the files.
AliasExpansion expand_alias(const Config& config, const proto::Mailbox& mailbox, std::size_t most);

// The ORCPT for targets of an alias of this name.
std::string inherited_original(const proto::Recipient& given);
// The recipients that replace `given`. RFC 3461 5.2.7.2, 5.2.7.3 (b): each inherits ORCPT (the original address) and NOTIFY, except
// SUCCESS, which only the first one gets.
std::vector<proto::Recipient> recipients_of(const proto::Recipient& given, std::vector<proto::Mailbox> mailboxes);
// The same for mail that mxpress addresses itself; only `given` if there is no target.
std::vector<proto::Recipient> expanded(const Config& config, const proto::Recipient& given);

// Removes repeated mailboxes: the first one is kept, with the notices that any of them asks for (RFC 3461
// 4.1).
void drop_repetitions(std::vector<proto::Recipient>& recipients);

// The possible user names of `mailbox` on this host: as written, in lower case, and both without "+tag".
std::vector<std::string> user_names(const proto::Mailbox& mailbox);
void offer_aliases(const Config& config, proto::NearMiss& search);

// The original address, if ORCPT differs from the mailbox; else empty. Any octets: clean it before showing it.
std::string original_address(const proto::Recipient& recipient);

}  // namespace mxpress::mta::routing
