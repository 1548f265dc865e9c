// Names what the recipients of a message are grouped by: a domain, or this host's own mailbox.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/domain.h"
#include "proto/text_hash.h"

namespace mxpress::proto {
struct Envelope;
}

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
  // None: it is the mailbox.
  std::optional<proto::Domain> domain() const;
  // Unique, for tables: no domain has the mailbox's.
  std::string_view text() const { return text_; }
  // For people: the domain, or "local".
  std::string_view shown() const;
  bool operator==(const DestinationRef&) const = default;

 private:
  explicit DestinationRef(std::string_view text) : text_(text) {}
  std::string_view text_;
};

class DestinationName {
 public:
  explicit DestinationName(DestinationRef name) : text_(name.text()) {}

  operator DestinationRef() const { return ref(); }
  DestinationRef ref() const { return DestinationRef::of_text(text_); }
  const std::string& text() const { return text_; }
  bool operator==(const DestinationName&) const = default;

 private:
  std::string text_;
};

struct DestinationHash {
  std::size_t operator()(DestinationRef name) const { return proto::TextHash()(name.text()); }
};

// Where mail for that domain goes: into this host's mailbox if the domain is local. Refers to `domain`.
DestinationRef destination_of(const proto::Domain& domain, const Config& config);

// Each destination of an envelope once, in order of first appearance.
std::vector<DestinationName> destinations_of(const proto::Envelope& envelope, const Config& config);

}  // namespace mxpress::mta::routing
