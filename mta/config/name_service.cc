// Configures the resolver by [dns].
#include "mta/config/name_service.h"

#include <utility>

namespace mxpress::mta::config {
namespace {

constexpr std::size_t kDnsCache = 1 << 20;  // octets, for each worker: destinations keep their own hosts

}  // namespace

dns::StubConfig stub_config(const Config& config) {
  dns::StubConfig stub;
  stub.timeout = config.dns.timeout;
  stub.attempts = config.dns.attempts;
  stub.cache.bytes = kDnsCache;
  if (config.dns.servers.empty()) stub.resolv_conf = config.dns.resolv_conf.string();
  for (const auto& text : config.dns.servers) {
    auto server = dns::parse_server(text);
    if (!server) continue;
    server->trusted = config.dns.trusted;
    stub.options.servers.push_back(std::move(*server));
  }
  return stub;
}

}  // namespace mxpress::mta::config
