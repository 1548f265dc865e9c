// Names the destination of a recipient.
#include "mta/routing/destination_name.h"

#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "mta/config/config.h"
#include "mta/routing/sender_rules.h"
#include "proto/ascii.h"
#include "proto/command_recipient.h"
#include "proto/envelope.h"

namespace mxpress::mta::routing {
namespace {

constexpr std::string_view kLocal = "local:";            // a domain has no colon outside of brackets
constexpr std::string_view kCommand = "local:COMMAND ";  // users have lower case
constexpr std::string_view kVia = " via ";               // nor a space
constexpr std::string_view kRequire = " requiretls";     // nor has the name of a route
constexpr std::string_view kWaive = " tls-not-required";

// Of a destination that is not local.
std::string_view wish_text(proto::TlsWish tls) {
  switch (tls) {
    case proto::TlsWish::require:
      return kRequire;
    case proto::TlsWish::waive:
      return kWaive;
    case proto::TlsWish::usual:
      break;
  }
  return {};
}

}  // namespace

DestinationRef DestinationRef::mailbox() { return DestinationRef(kLocal); }

bool DestinationRef::is_local() const { return text_.starts_with(kLocal); }

bool DestinationRef::is_command() const { return text_.starts_with(kCommand); }

std::string_view DestinationRef::user() const { return is_local() ? text_.substr(kLocal.size()) : std::string_view(); }

std::optional<proto::Domain> DestinationRef::domain() const {
  if (is_local()) return std::nullopt;
  auto domain = proto::Domain::parse(text_.substr(0, text_.find(' ')));
  if (!domain) throw std::logic_error("a destination that is no domain: " + std::string(text_));
  return std::move(*domain);
}

std::string_view DestinationRef::route() const {
  if (is_local()) return {};
  const auto via = text_.find(kVia);
  if (via == text_.npos) return {};
  const std::string_view rest = text_.substr(via + kVia.size());
  return rest.substr(0, rest.size() - wish_text(tls()).size());
}

proto::TlsWish DestinationRef::tls() const {
  if (is_local()) return proto::TlsWish::usual;
  if (text_.ends_with(kRequire)) return proto::TlsWish::require;
  return text_.ends_with(kWaive) ? proto::TlsWish::waive : proto::TlsWish::usual;
}

std::string_view DestinationRef::shown() const { return is_mailbox() ? "local" : text_; }

DestinationName::DestinationName(const proto::Domain& domain, std::string_view route, proto::TlsWish tls) : text_(domain.text()) {
  if (!route.empty()) text_.append(kVia).append(route);
  text_.append(wish_text(tls));
}

DestinationName DestinationName::of_user(const proto::Mailbox& recipient) {
  return DestinationName(std::string(kLocal) + user_of(recipient));
}

DestinationName DestinationName::of_command(const proto::Mailbox& recipient) {
  return DestinationName(std::string(kCommand) + recipient.plain_local_part());
}

std::string user_of(const proto::Mailbox& recipient) {
  const std::string local = recipient.plain_local_part();
  const auto tag = local.find('+');
  return proto::lower_case(std::string_view(local).substr(0, tag == 0 ? local.npos : tag));
}

namespace {

// A route used by mail of all senders anyway is not named, nor one for held mail, which is not sent.
bool is_usual(std::string_view route, const Config& config) {
  if (route.empty()) return true;
  const bool is_direct = !config.route || config.route->transport == RouteTransport::hold;
  if (route == kDirectRoute) return is_direct;
  const auto named = config.routes.find(std::string(route));
  return named != config.routes.end() && named->second.transport == RouteTransport::hold;
}

bool is_here(const proto::Domain& domain, const Config& config) { return config.is_local(domain) || proto::is_command_recipient(domain); }

}  // namespace

RecipientRouting::RecipientRouting(const proto::Envelope& envelope, const Config& config)
    : config_(config),
      sender_route_(sender_route(config.senders, envelope)),
      tls_(envelope.tls),
      is_usual_(is_usual(sender_route_, config)) {}

std::string_view RecipientRouting::route_to(const proto::Domain& domain) const {
  return is_usual_ || config_.has_own_route(domain) ? std::string_view() : sender_route_;
}

DestinationName RecipientRouting::destination_of(const proto::Mailbox& recipient) const {
  const proto::Domain& domain = recipient.domain();
  if (proto::is_command_recipient(domain)) return DestinationName::of_command(recipient);
  if (!config_.is_local(domain)) return DestinationName(domain, route_to(domain), tls_);
  return config_.local.keeps_mail() ? DestinationName(DestinationRef::mailbox()) : DestinationName::of_user(recipient);
}

bool RecipientRouting::is_destination_of(const proto::Mailbox& recipient, DestinationRef destination) const {
  const proto::Domain& domain = recipient.domain();
  if (is_here(domain, config_)) return destination.is_local() && destination_of(recipient).ref() == destination;
  const std::string_view text = destination.text(), route = route_to(domain), wish = wish_text(tls_);
  const std::size_t size_of_route = route.empty() ? 0 : kVia.size() + route.size();
  return text.size() == domain.text().size() + size_of_route + wish.size() && text.starts_with(domain.text()) && text.ends_with(wish) &&
         destination.route() == route;
}

std::vector<DestinationName> destinations_of(const proto::Envelope& envelope, const Config& config) {
  std::vector<DestinationName> result;
  const RecipientRouting routing(envelope, config);
  std::unordered_set<std::string_view, proto::TextHash> seen;  // domains that are not local
  std::unordered_set<std::string, proto::TextHash> seen_here;  // names of local ones
  const bool is_one = envelope.recipients.size() == 1;
  for (const auto& recipient : envelope.recipients) {
    const proto::Domain& domain = recipient.mailbox.domain();
    if (is_here(domain, config)) {
      DestinationName here = routing.destination_of(recipient.mailbox);
      if (is_one || seen_here.insert(here.text()).second) result.push_back(std::move(here));
    } else if (is_one || seen.insert(domain.text()).second) {
      result.push_back(routing.destination_of(recipient.mailbox));
    }
  }
  return result;
}

}  // namespace mxpress::mta::routing
