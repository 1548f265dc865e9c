// Applies limits of providers.
#include "mta/transport/provider_terms.h"

#include <algorithm>
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

dns::Address pool_of(std::string_view provider) {
  dns::Address address{true, {kPoolPrefix}};
  std::uint64_t number = proto::TextHash()(provider);
  for (std::size_t i = 8; i < address.bytes.size(); ++i, number >>= 8) address.bytes[i] = static_cast<std::uint8_t>(number);
  return address;
}

// `usual`: the default of the configuration. Another value was set on purpose, and counts.
std::size_t limited(std::size_t configured, std::size_t usual, std::size_t of_provider) {
  return configured != usual || of_provider == 0 ? configured : std::min(configured, of_provider);
}

}  // namespace

ProviderTerms provider_terms(const Order& order, const dns::Target& target) {
  static const DeliveryConfig usual;
  ProviderTerms terms{target.address, order.most_connections, SmtpTransport::kMostTransactions, order.config->delivery.max_recipients};
  const replies::ProviderLimits* const limits = order.rules && !order.is_by_route ? order.rules->limits_for(target.host) : nullptr;
  if (!limits) return terms;
  const bool is_pool = limits->connections != 0 && order.most_connections == usual.max_sessions_per_site;
  if (is_pool) terms.counted_as = pool_of(limits->name);
  terms.most_connections = limited(order.most_connections, usual.max_sessions_per_site, limits->connections);
  terms.most_recipients = limited(terms.most_recipients, usual.max_recipients, limits->recipients);
  if (limits->messages != 0) terms.most_messages = std::min(terms.most_messages, limits->messages);
  return terms;
}

}  // namespace mxpress::mta::transport
