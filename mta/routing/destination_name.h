// Names what the recipients of a message are grouped by: a domain, with the way that mail of its sender takes; a user of this host; or this
// host's own mailbox.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/domain.h"
#include "proto/text_hash.h"

namespace mxpress::proto {
struct Envelope;
class Mailbox;
}  // namespace mxpress::proto

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::routing {

// The name without the memory: valid as long as the text that it was made from.
class DestinationRef {
 public:
  static DestinationRef mailbox();
  explicit DestinationRef(const proto::Domain& domain) : text_(domain.text()) {}
  // Of text() of a name.
  static DestinationRef of_text(std::string_view text) { return DestinationRef(text); }

  bool is_mailbox() const { return *this == mailbox(); }
  // The mailbox, or a user of this host.
  bool is_local() const;
  // A command of an alias.
  bool is_command() const;
  // The user, as user_of() has it, or what names the command; empty: it is neither.
  std::string_view user() const;
  // None: it is local.
  std::optional<proto::Domain> domain() const;
  // The way that [sender] gives this mail, a key of Config::routes or kDirectRoute; empty: the one that mail for the domain takes.
  std::string_view route() const;
  // Unique, for tables: no domain has that of what is local.
  std::string_view text() const { return text_; }
  // For people: the domain, perhaps with " via " and a route, "local", or "local:" and a user.
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
  DestinationName(const proto::Domain& domain, std::string_view route);
  // Of a recipient of a local domain.
  static DestinationName of_user(const proto::Mailbox& recipient);
  // Of a recipient that stands for a command: proto::is_command_recipient().
  static DestinationName of_command(const proto::Mailbox& recipient);

  operator DestinationRef() const { return ref(); }
  DestinationRef ref() const { return DestinationRef::of_text(text_); }
  const std::string& text() const { return text_; }
  bool operator==(const DestinationName&) const = default;

 private:
  explicit DestinationName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// Whose mailbox a recipient of a local domain means: the local part in lower case, up to the first '+'.
std::string user_of(const proto::Mailbox& recipient);

struct DestinationHash {
  std::size_t operator()(DestinationRef name) const { return proto::TextHash()(name.text()); }
};

// Where the recipients of one message go.
class RecipientRouting {
 public:
  // Both outlive it.
  RecipientRouting(const proto::Envelope& envelope, const Config& config);
  // Of a local domain: its user, or this host's own mailbox where that keeps all mail. Else by the way of the domain if [destination] has
  // one, else by the sender's.
  DestinationName destination_of(const proto::Mailbox& recipient) const;
  bool is_destination_of(const proto::Mailbox& recipient, DestinationRef destination) const;

 private:
  std::string_view route_to(const proto::Domain& domain) const;

  const Config& config_;
  const std::string_view sender_route_;
  const bool is_usual_;  // all mail takes that way
};

// Each destination of an envelope once, in order of first appearance.
std::vector<DestinationName> destinations_of(const proto::Envelope& envelope, const Config& config);

}  // namespace mxpress::mta::routing
