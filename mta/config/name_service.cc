// Configures the resolver by [dns].
#include "mta/config/name_service.h"

#include <utility>

#include "dns/resolv_conf_file.h"

namespace mxpress::mta::config {
namespace {

constexpr std::size_t kDnsCache = 1 << 20;  // octets, for each worker: destinations keep their own hosts

std::vector<dns::ServerConfig> servers_of(const Config& config) {
  const dns::StubConfig stub = stub_config(config);
  if (stub.resolv_conf.empty()) return stub.options.servers;
  return dns::ResolvConfFile(stub.resolv_conf).current(BootClock::now()).servers;
}

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

std::string dane_state(const Config& config) {
  if (!config.delivery.tls) return "off: [delivery] tls = false";
  if (!config.delivery.dane) return "off: [delivery] dane = false";
  std::string trusted, others;
  for (const dns::ServerConfig& server : servers_of(config)) {
    std::string& list = dns::is_ad_trusted(server) ? trusted : others;
    list.append(list.empty() ? "" : ", ").append(server.to_string());
  }
  if (trusted.empty())
    return "off: no name server is trusted for DNSSEC (" + others +
           "): run one that validates on this host, or see [dns] trusted in mxpress.toml(5)";
  return "on: " + trusted + " is trusted for DNSSEC" + (others.empty() ? "" : "; " + others + " is not, and its answers count as unsigned");
}

}  // namespace mxpress::mta::config
