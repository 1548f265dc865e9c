// Who may send as whom, and which way mail takes because of its sender: [sender].
//
// A message claims addresses: its reverse-path, and all in From. Each author has a table: his own, or that of his domain, or that of "*".
// The reverse-path has that of "*" only where no author has one of his own: programs are free to leave the user's name there. A From that
// cannot be read, or names more than can be looked at, may claim any address, and has all tables. Who is not among the users of a table may
// not send as that address. The way is that of the first author with a table of his own or of his domain, else that of the reverse-path.
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

// Whom From names: all addresses of all such fields, each once, in the form of Mailbox::to_string(). What other programs may take for an
// address, such as an unquoted name with an "@", is one.
struct Authors {
  std::vector<std::string> addresses;
  bool is_readable = true;  // nothing else stands there, and each From names somebody
  // The only one; null: none, several, or something that cannot be read.
  const std::string* one() const { return is_readable && addresses.size() == 1 ? &addresses.front() : nullptr; }
};
// `header`: as HeaderScanner finds it, with its CRLF. Of twenty addresses and more the first are told, and the rest is not readable.
Authors authors_of(std::string_view header);

// Whether the submitter may send as all that the message claims.
bool may_send(const SenderTable& senders, const proto::Envelope& envelope, const Authors& authors);
// For Envelope::author: the first with a table of his own or of his domain, or the only one; empty: none.
std::string deciding_author(const SenderTable& senders, const Authors& authors);

// Why this mail is not taken in: for the submitter, in one sentence. Nothing: it is.
std::optional<std::string> sender_refusal(const SenderTable& senders, const proto::Envelope& envelope, const Authors& authors);

// A key of Config::routes, kDirectRoute, or empty: the way that mail without a table takes. By Envelope::author and the reverse-path.
// Direct, too, what claimed somebody else's address when it was taken in (Envelope::is_as_other), and what was taken in before the table
// that would refuse it. Valid as long as the table.
std::string_view sender_route(const SenderTable& senders, const proto::Envelope& envelope);

// Whether a key of this domain may sign this message: its submitter may send as all that it claims, and as everybody of the domain; mail
// of several authors is not signed for him if any address of the domain, of one below it, or of one above it, is not his.
bool may_sign(const SenderTable& senders, const proto::Envelope& envelope, const Authors& authors, const proto::Domain& domain);

// The same for whoever has the header: content::DkimSigner.
std::function<bool(const proto::Envelope& envelope, std::string_view header, const proto::Domain& domain)> signing_rule(
    SenderTable senders);

}  // namespace mxpress::mta::routing
