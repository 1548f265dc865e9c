// Who may send as whom, and which way mail takes because of its sender: [sender].
//
// A message claims addresses: its reverse-path, and those in From. Each may have a table: its own, or that of its domain; what claims no
// address with a table has that of "*". Who is not among the users of a table may not send as that address. The way is that of the first of
// the one address in From and the reverse-path that has a table.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mta/config/sender_config.h"

namespace mxpress::proto {
class Domain;
struct Envelope;
}  // namespace mxpress::proto

namespace mxpress::mta::routing {

// Whom From names: all addresses of all such fields, in the form of Mailbox::to_string().
struct Authors {
  std::vector<std::string> addresses;
  bool is_readable = true;  // nothing else stands there
  // The only one; null: none, several, or something that cannot be read.
  const std::string* one() const { return is_readable && addresses.size() == 1 ? &addresses.front() : nullptr; }
};
// `header`: as HeaderScanner finds it, with its CRLF. Of a hundred addresses and more the first are told, and the rest is not readable.
Authors authors_of(std::string_view header);

// Why this mail is not taken in: for the submitter, in one sentence. Nothing: it is.
std::optional<std::string> sender_refusal(const SenderTable& senders, const proto::Envelope& envelope, const Authors& authors);

// A key of Config::routes, kDirectRoute, or empty: the way that mail without a table takes. By Envelope::author and the reverse-path.
// Direct, too, what was taken in before the table that would refuse it. Valid as long as the table.
std::string_view sender_route(const SenderTable& senders, const proto::Envelope& envelope);

// Whether a key of this domain may sign this message: its submitter may send as all that it claims, and as everybody of the domain; mail
// from which nobody can tell the one author is not signed for him if any address of the domain, or of one below it, is not his.
bool may_sign(const SenderTable& senders, const proto::Envelope& envelope, const Authors& authors, const proto::Domain& domain);

// The same for whoever has the header: content::DkimSigner.
std::function<bool(const proto::Envelope& envelope, std::string_view header, const proto::Domain& domain)> signing_rule(
    SenderTable senders);

}  // namespace mxpress::mta::routing
