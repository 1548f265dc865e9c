// Decides which addresses may be used.
#include "mta/http_client/reach.h"

#include <algorithm>

namespace mxpress::mta::http_client {
namespace {

dns::Address v4_in(const dns::Address& address, std::size_t at) {
  dns::Address inner;
  std::copy_n(address.bytes.begin() + static_cast<std::ptrdiff_t>(at), 4, inner.bytes.begin());
  return inner;
}

// The IPv4 address inside an address of a translator or relay: 64:ff9b::/96, 2002::/16.
dns::Address translated(const dns::Address& address) {
  static const dns::Network kTranslator = *dns::Network::parse("64:ff9b::/96"), kRelay = *dns::Network::parse("2002::/16");
  if (kTranslator.contains(address)) return v4_in(address, 12);
  return kRelay.contains(address) ? v4_in(address, 2) : dns::unmapped(address);
}

}  // namespace

std::string objection(const Reach& reach, const dns::Address& address) {
  const auto contains = [&](const dns::Network& network) { return network.contains(address); };
  if (std::any_of(reach.allowed.begin(), reach.allowed.end(), contains)) return {};
  const dns::Address reached = translated(address);
  if (const std::string_view kind = dns::peculiarity(reached); !kind.empty()) return std::string(kind);
  if (dns::is_private(reached)) return "a private address";
  return reach.is_own && reach.is_own(reached) ? "an address of this host" : std::string();
}

}  // namespace mxpress::mta::http_client
