// The name by which recipients of a message are grouped: a domain, with the route of its sender's mail; a user of this host; or this host's
// own mailbox.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/domain.h"
#include "proto/text_hash.h"

namespace mxpress::proto {
struct Envelope;
class Mailbox;
enum class TlsWish : std::uint8_t;
}  // namespace mxpress::proto

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::routing {

// A view of a name: valid as long as the text that it was made from.
class DestinationRef {
 public:
  static DestinationRef mailbox();
  explicit DestinationRef(const proto::Domain& domain) : text_(domain.text()) {}
  // From text() of a name.
  static DestinationRef of_text(std::string_view text) { return DestinationRef(text); }

  bool is_mailbox() const { return *this == mailbox(); }
  // True for the mailbox, or a user of this host.
  bool is_local() const;
  // True for a command of an alias.
  bool is_command() const;
  // The user, as from user_of(), or the name of the command; empty: neither.
  std::string_view user() const;
  // Nullopt if it is local.
  std::optional<proto::Domain> domain() const;
  // The route that [sender] gives this mail, a key of Config::routes or kDirectRoute; empty: the usual one for the domain.
  std::string_view route() const;
  // The wish of the message's sender about TLS; `usual` if it is local.
  proto::TlsWish tls() const;
  // Unique, for tables: no domain has the text of a local destination.
  std::string_view text() const { return text_; }
  // For people: the domain, perhaps with " via " and a route, and the wish about TLS; "local", or "local:" and a user.
  std::string_view shown() const;
  bool operator==(const DestinationRef&) const = default;

 private:
  explicit DestinationRef(std::string_view text) : text_(text) {}
  std::string_view text_;
};

class DestinationName {
 public:
  explicit DestinationName(DestinationRef name) : text_(name.text()) {}
  // `route`: see DestinationRef::route().
  DestinationName(const proto::Domain& domain, std::string_view route, proto::TlsWish tls);
  // For a recipient of a local domain.
  static DestinationName of_user(const proto::Mailbox& recipient);
  // For a recipient that stands for a command: proto::is_command_recipient().
  static DestinationName of_command(const proto::Mailbox& recipient);

  operator DestinationRef() const { return ref(); }
  DestinationRef ref() const { return DestinationRef::of_text(text_); }
  const std::string& text() const { return text_; }
  bool operator==(const DestinationName&) const = default;

 private:
  explicit DestinationName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// The user of a recipient of a local domain: the local part in lower case, up to the first '+'.
std::string user_of(const proto::Mailbox& recipient);

struct DestinationHash {
  std::size_t operator()(DestinationRef name) const { return proto::TextHash()(name.text()); }
};

// Finds the destinations for the recipients of one message.
class RecipientRouting {
 public:
  // Both must outlive it.
  RecipientRouting(const proto::Envelope& envelope, const Config& config);
  // For a local domain: its user, or this host's own mailbox if that gets all mail. Otherwise by the domain's route if [destination] has
  // one, else by the sender's.
  DestinationName destination_of(const proto::Mailbox& recipient) const;
  bool is_destination_of(const proto::Mailbox& recipient, DestinationRef destination) const;

 private:
  std::string_view route_to(const proto::Domain& domain) const;

  const Config& config_;
  const std::string_view sender_route_;
  const proto::TlsWish tls_;
  const bool is_usual_;  // all mail takes that route
};

// Each destination of an envelope once, in order of first appearance.
std::vector<DestinationName> destinations_of(const proto::Envelope& envelope, const Config& config);

}  // namespace mxpress::mta::routing
