// The users that may send as an address, and the route of mail by its sender: [sender].
//
// A message claims addresses: its reverse-path, and all in From. Each author has a table: his own, that of his domain, or that of "*". The
// reverse-path has that of "*" only if no author has a table of his own, because programs often leave the user's name there. A From that
// cannot be read, or has too many addresses, may claim any address, and has all tables. A user who is not listed in a table may not send as
// its address. The route is that of the first author with a table of his own or of his domain, else that of the reverse-path.
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

// The addresses in From: of all such fields, each once, in the form of Mailbox::to_string(). Text that other programs may take for an
// address, such as an unquoted name with an "@", counts as one.
struct Authors {
  std::vector<std::string> addresses;
  bool is_readable = true;  // each From has an address, and no other text
  // The only address; null: none, several, or unreadable text.
  const std::string* one() const { return is_readable && addresses.size() == 1 ? &addresses.front() : nullptr; }
};
// `header`: from HeaderScanner, with its CRLF. Of more than twenty addresses the first are returned, and the rest counts as unreadable.
Authors authors_of(std::string_view header);

// True if the submitter may send as all addresses that the message claims.
bool may_send(const SenderTable& senders, const proto::Envelope& envelope, const Authors& authors);
// For Envelope::author: the first with a table of his own or of his domain, or the only one; empty: none.
std::string deciding_author(const SenderTable& senders, const Authors& authors);

// The reason why this mail is refused: for the submitter, in one sentence. Nullopt: it is accepted.
std::optional<std::string> sender_refusal(const SenderTable& senders, const proto::Envelope& envelope, const Authors& authors);

// A key of Config::routes, kDirectRoute, or empty: the route of mail without a table. By Envelope::author and the reverse-path. Also
// direct: mail that claimed somebody else's address when it was accepted (Envelope::is_as_other), and mail accepted before the table that
// would refuse it existed. Valid as long as the table.
std::string_view sender_route(const SenderTable& senders, const proto::Envelope& envelope);

// True if a key of this domain may sign this message: its submitter may send as all addresses that it claims, and as everybody of the
// domain. Mail of several authors is not signed if any address of the domain, of one below it, or of one above it, is not his.
bool may_sign(const SenderTable& senders, const proto::Envelope& envelope, const Authors& authors, const proto::Domain& domain);

// The same for a caller with the header: content::DkimSigner.
std::function<bool(const proto::Envelope& envelope, std::string_view header, const proto::Domain& domain)> signing_rule(
    SenderTable senders);

}  // namespace mxpress::mta::routing
