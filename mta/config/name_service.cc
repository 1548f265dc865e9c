// Configures the resolver by [dns].
#include "mta/config/name_service.h"

#include <utility>

#include "mta/config/config.h"

namespace mxpress::mta::config {
namespace {

constexpr std::size_t kDnsCache = 1 << 20;  // octets, for each worker: destinations keep their own hosts

bool wants_dane(const Config& config) { return config.delivery.tls && config.delivery.dane; }

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

dns::ValidatorConfig validator_config(const Config& config, Anchoring anchoring) {
  dns::ValidatorConfig validator;
  validator.is_wanted = wants_dane(config);
  validator.validate = config.dns.validate;
  validator.stub = stub_config(config);
  validator.trust_anchor = config.dns.trust_anchor.string();
  if (anchoring == Anchoring::keeps_anchors) validator.anchor_folder = (config.state_directory / "dnssec").string();
  validator.root_hints = config.dns.root_hints.string();
  return validator;
}

std::string dane_state(const Config& config, const dns::Authentication& found) {
  if (!config.delivery.tls) return "off: [delivery] tls = false";
  if (!config.delivery.dane) return "off: [delivery] dane = false";
  if (found.by == dns::Authentication::By::unknown) return "unknown: " + found.text;
  return (found.is_on() ? "on: " : "off: ") + found.text;
}

std::string mta_sts_state(const Config& config) {
  if (!config.delivery.tls) return "off: [delivery] tls = false";
  return config.delivery.mta_sts ? "on" : "off: [delivery] mta_sts = false";
}

}  // namespace mxpress::mta::config
