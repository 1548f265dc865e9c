// Queries the DNS on the caller's thread.
#include "mta/cli/record_lookup.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>
#include <random>

#include "dns/stub_resolver.h"
#include "dns/zone_resolver.h"
#include "mta/config/config.h"
#include "mta/config/name_service.h"
#include "mta/config/providers.h"
#include "mta/dkim/key_record.h"
#include "mta/net/source_address.h"
#include "mta/routing/signing_keys.h"

namespace mxpress::mta::cli {
namespace {

// "smtp.example.com", or "mx:example.com".
std::string text_of(const NextHops& hops) {
  return hops.mail_hosts_of ? "mx:" + hops.mail_hosts_of->text() : hops.hosts.empty() ? std::string() : hops.hosts.front().host;
}

// For the provider that the route names, or whose host it names.
std::string spf_of(const RouteConfig& route) {
  for (const config::Provider& one : config::providers())
    if (one.name == route.provider || text_of(one.route.next_hops) == text_of(route.next_hops)) return one.spf;
  return {};
}

}  // namespace

bool is_of_family(const dns::Address& address, dns::AddressFamily family) {
  return family == dns::AddressFamily::any || address.is_v6 == (family == dns::AddressFamily::ipv6);
}

std::vector<records::HostMail::SigningKey> keys_of(const routing::SigningKeys& keys, const proto::Domain& domain,
                                                   const std::function<bool(const std::string& record, bool is_next)>& is_wanted) {
  std::vector<records::HostMail::SigningKey> found;
  for (std::string name = domain.text(); !name.empty();
       name = name.find('.') == name.npos ? std::string() : name.substr(name.find('.') + 1)) {
    for (const routing::DomainKeys& one : keys.domains) {
      if (one.domain.text() != name) continue;
      for (const auto* list : {&one.keys, &one.next})
        for (const dkim::SigningKey& key : *list)
          if (is_wanted(dkim::record_name(key.selector, one.domain), list == &one.next))
            found.push_back({one.domain, key.selector, key.key.public_key()});
      return found;
    }
  }
  return found;
}

records::HostMail host_mail(const Config& config, const proto::Domain& domain) {
  records::HostMail mail{domain, {}, config.hostname, config.doctor.addresses, {}, {}};
  if (mail.addresses.empty()) mail.addresses = net::public_source_addresses();
  std::erase_if(mail.addresses, [&](const dns::Address& address) { return !is_of_family(address, config.delivery.address_family); });
  if (config.route) {
    mail.next_hop = text_of(config.route->next_hops);
    mail.next_hop_spf = spf_of(*config.route);
  }
  return mail;
}

struct RecordLookup::Parts {
  explicit Parts(dns::StubConfig config)
      : zone(std::make_shared<dns::StubResolver>(io.get_executor(), std::move(config), std::random_device()()), std::random_device()()) {}
  asio::io_context io;
  dns::ZoneResolver zone;
};

RecordLookup::RecordLookup(const Config& config) {
  dns::StubConfig stub = config::stub_config(config);
  stub.cache.entries = 0;  // missing records may have been added a moment ago
  parts_ = std::make_unique<Parts>(std::move(stub));
}

RecordLookup::~RecordLookup() = default;

std::vector<records::HostRecord> RecordLookup::records(const records::HostMail& mail) {
  std::vector<records::HostRecord> found;
  std::exception_ptr bug;
  asio::co_spawn(parts_->io, records::check_host_records(mail, parts_->zone),
                 [&](std::exception_ptr error, std::vector<records::HostRecord> records) {
                   bug = error;
                   found = std::move(records);
                   parts_->io.stop();
                 });
  parts_->io.restart();
  parts_->io.run();
  if (bug) std::rethrow_exception(bug);
  return found;
}

}  // namespace mxpress::mta::cli
