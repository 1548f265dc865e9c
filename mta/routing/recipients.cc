// Copies, redirection and hold, by the configuration.
#include "mta/routing/recipients.h"

#include <algorithm>
#include <utility>

#include "mta/config/config.h"
#include "mta/routing/aliases.h"
#include "mta/routing/sender_rules.h"
#include "proto/command_recipient.h"
#include "proto/envelope.h"

namespace mxpress::mta::routing {
namespace {

constexpr std::size_t kMostNamed = 100;  // in the field; the others are counted

bool is_among(const std::vector<proto::Recipient>& recipients, const proto::Mailbox& mailbox) {
  return std::any_of(recipients.begin(), recipients.end(), [&](const proto::Recipient& one) { return one.mailbox == mailbox; });
}

// Adds the recipients that the mailbox resolves to, unless they exist already.
void add(const Config& config, const proto::Mailbox& mailbox, proto::Notify notify, std::vector<proto::Recipient>& recipients) {
  for (proto::Recipient& one : expanded(config, {mailbox, notify, {}}))
    if (!is_among(recipients, one.mailbox)) recipients.push_back(std::move(one));
}

// Or it is thrown away here.
bool stays(const Config& config, const proto::Mailbox& mailbox) {
  return config.is_local(mailbox.domain()) || proto::discarding_alias(mailbox);
}

}  // namespace

void add_always_bcc(const Config& config, std::vector<proto::Recipient>& recipients) {
  if (!config.always_bcc) return;
  add(config, *config.always_bcc, {.given = true}, recipients);
}

std::string redirect_recipients(const Config& config, std::vector<proto::Recipient>& recipients) {
  if (!config.redirect) return {};
  std::vector<proto::Recipient> stay;
  std::string field = "X-Original-To: ";
  std::size_t count = 0;
  for (proto::Recipient& recipient : recipients) {
    if (stays(config, recipient.mailbox))
      stay.push_back(std::move(recipient));
    else if (count++ < kMostNamed)
      field += (count == 1 ? "" : ",\r\n ") + recipient.mailbox.to_string();
  }
  recipients = std::move(stay);
  if (count == 0) return {};
  if (count > kMostNamed) field += "\r\n (and " + std::to_string(count - kMostNamed) + " more)";
  add(config, *config.redirect, {}, recipients);
  return field + "\r\n";
}

std::string hold_reason(const Config& config, const proto::Envelope& envelope) {
  const auto holds = [](const RouteConfig& route) { return route.transport == RouteTransport::hold; };
  const bool any_holds = (config.route && holds(*config.route)) ||
                         std::any_of(config.routes.begin(), config.routes.end(), [&](const auto& one) { return holds(one.second); });
  if (!any_holds) return {};
  const std::string_view by_sender = sender_route(config.senders, envelope);
  for (const proto::Recipient& recipient : envelope.recipients) {
    const proto::Domain& domain = recipient.mailbox.domain();
    if (stays(config, recipient.mailbox)) continue;
    if (const RouteConfig* route = config.holding_route(domain, by_sender))
      return "Held for " + domain.text() + " by " + route->source + " of the configuration";
  }
  return {};
}

}  // namespace mxpress::mta::routing
