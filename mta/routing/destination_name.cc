// Which destination a recipient belongs to.
#include "mta/routing/destination_name.h"

#include <stdexcept>
#include <unordered_set>

#include "mta/config/config.h"
#include "proto/envelope.h"

namespace mxpress::mta::routing {
namespace {

constexpr std::string_view kMailbox = "local:";  // a domain has no colon outside of brackets

}  // namespace

DestinationRef DestinationRef::mailbox() { return DestinationRef(kMailbox); }

std::optional<proto::Domain> DestinationRef::domain() const {
  if (is_mailbox()) return std::nullopt;
  auto domain = proto::Domain::parse(text_);
  if (!domain) throw std::logic_error("a destination that is no domain: " + std::string(text_));
  return std::move(*domain);
}

std::string_view DestinationRef::shown() const { return is_mailbox() ? "local" : text_; }

DestinationRef destination_of(const proto::Domain& domain, const Config& config) {
  return config.is_local(domain) ? DestinationRef::mailbox() : DestinationRef(domain);
}

std::vector<DestinationName> destinations_of(const proto::Envelope& envelope, const Config& config) {
  std::vector<DestinationName> result;
  std::unordered_set<std::string_view, proto::TextHash> seen;
  const bool is_one = envelope.recipients.size() == 1;
  for (const auto& recipient : envelope.recipients) {
    const DestinationRef name = destination_of(recipient.mailbox.domain(), config);
    if (is_one || seen.insert(name.text()).second) result.emplace_back(name);
  }
  return result;
}

}  // namespace mxpress::mta::routing
