// Applies limits of providers.
#include "mta/transport/provider_terms.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "dns/target.h"
#include "mta/config/config.h"
#include "mta/replies/rule_set.h"
#include "mta/transport/smtp_transport.h"
#include "mta/transport/target_connections.h"
#include "mta/transport/transport.h"
#include "proto/text_hash.h"

namespace mxpress::mta::transport {
namespace {

using proto::HostResult;

constexpr proto::EnhancedStatus kCongested{4, 4, 5};

// `usual`: the default of the configuration. Another value was set on purpose, and counts.
std::size_t limited(std::size_t configured, std::size_t usual, std::size_t of_provider) {
  return configured != usual || of_provider == 0 ? configured : std::min(configured, of_provider);
}

}  // namespace

bool says_enough(const HostResult& result) {
  return result.stage == proto::Stage::connect && result.reply_code == 0 && result.status == kCongested;
}

dns::Address pool_of(std::string_view provider) {
  dns::Address address{true, {kPoolPrefix}};
  std::uint64_t number = proto::TextHash()(provider);
  for (std::size_t i = 8; i < address.bytes.size(); ++i, number >>= 8) address.bytes[i] = static_cast<std::uint8_t>(number);
  return address;
}

HostResult has_enough(const Order& order, const dns::Target& target, const TargetConnections& connections) {
  HostResult result{proto::Stage::connect, target.host, target.address_text(), "", kCongested, 0, "", false};
  const ProviderTerms terms = provider_terms(order, target);
  const TargetConnections::Use use = connections.use_of(terms.place.address);
  result.text = "the mail host takes no more connections at the moment: mail waits until one of those that are open ends";
  if (terms.place.is_in_pool())
    result.text = "waits for its turn at " + terms.limits->name + ": " + std::to_string(use.open) + " of at most " +
                  std::to_string(use.bound) + " connections to that provider are in use";
  return result;
}

ProviderTerms provider_terms(const Order& order, const dns::Target& target) {
  static const DeliveryConfig usual;
  ProviderTerms terms{target.address, order.most_connections, SmtpTransport::kMostTransactions, order.config->delivery.max_recipients};
  const replies::ProviderLimits* const limits = order.rules && !order.is_by_route ? order.rules->limits_for(target.host) : nullptr;
  if (!limits) return terms;
  terms.limits = limits;
  terms.place.pool = pool_of(limits->name);
  const bool is_pool = limits->connections != 0 && order.most_connections == usual.max_sessions_per_site;
  if (is_pool) terms.place.address = *terms.place.pool;
  terms.most_connections = limited(order.most_connections, usual.max_sessions_per_site, limits->connections);
  terms.most_recipients = limited(terms.most_recipients, usual.max_recipients, limits->recipients);
  if (limits->messages != 0) terms.most_messages = std::min(terms.most_messages, limits->messages);
  return terms;
}

}  // namespace mxpress::mta::transport
