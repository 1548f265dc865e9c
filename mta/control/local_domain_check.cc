// Compares local domains with the DNS.
#include "mta/control/local_domain_check.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "mta/config/config.h"
#include "mta/config/host_name.h"
#include "mta/config/name_service.h"
#include "mta/delivery/target_rules.h"

namespace mxpress::mta::control {
namespace {

constexpr std::chrono::seconds kPatience(15);

using dns::Answer;
using dns::AnswerKind;
using dns::RecordType;

// The names and addresses of this host.
class ThisHost {
 public:
  ThisHost(dns::Resolver& resolver, std::string name, std::set<dns::Address> own)
      : resolver_(resolver), name_(std::move(name)), addresses_(std::move(own)) {}

  Task<bool> is_called(std::string host) {
    if (host == name_) co_return true;
    if (!std::exchange(knows_name_, true))
      for (const dns::Address& address : co_await addresses_of(name_)) addresses_.insert(address);
    const auto addresses = co_await addresses_of(std::move(host));
    co_return std::any_of(addresses.begin(), addresses.end(), [this](const auto& address) { return addresses_.contains(address); });
  }

  Task<std::vector<dns::Address>> addresses_of(std::string host) {
    std::vector<dns::Address> all;
    for (const RecordType type : {RecordType::a, RecordType::aaaa}) {
      dns::Question question{host, type};
      const Answer answer = co_await resolver_.resolve(std::move(question));
      for (const dns::Address& address : answer.addresses) all.push_back(unmapped(address));
    }
    co_return all;
  }

 private:
  dns::Resolver& resolver_;
  std::string name_;
  std::set<dns::Address> addresses_;
  bool knows_name_ = false;  // its addresses have been looked up
};

std::string warning(const std::string& domain, const std::string& hosts) {
  return "mail of this host to " + domain + " stays on this host, because " + domain +
         " is one of its local_domains (without that key: its hostname); but by the DNS " + hosts +
         " takes that mail. Change local_domains or hostname, unless this is meant";
}

// The mail hosts of the domain if none of them is this host; empty if one is, or if there are none.
Task<std::string> others(ThisHost& self, const Answer& mx, const std::string& domain) {
  if (mx.kind == AnswerKind::no_data) {
    const auto addresses = co_await self.addresses_of(domain);
    const bool is_elsewhere = !addresses.empty() && !co_await self.is_called(domain);
    co_return is_elsewhere ? addresses.front().to_string() : std::string();
  }
  std::string hosts;
  for (const dns::MxRecord& record : mx.mx) {
    if (record.host.empty()) continue;  // the null MX
    if (co_await self.is_called(record.host)) co_return std::string();
    hosts += (hosts.empty() ? "" : ", ") + record.host;
  }
  co_return hosts;
}

}  // namespace

Task<std::vector<std::string>> check_local_domains(const Config& config, dns::Resolver& resolver, const std::set<dns::Address>& own) {
  std::vector<std::string> warnings;
  ThisHost self(resolver, config.hostname, own);
  for (const proto::Domain& domain : config.local_domains) {
    const std::string name = domain.text();
    if (domain.is_address_literal() || !config::is_usable_host_name(name)) continue;  // "localhost", "web1"
    dns::Question question{name, RecordType::mx};
    const Answer mx = co_await resolver.resolve(std::move(question));
    if (mx.kind == AnswerKind::failed) {
      warnings.push_back("whether this host is the mail host of " + name + " could not be looked up: " + mx.text);
      continue;
    }
    if (const std::string hosts = co_await others(self, mx, name); !hosts.empty()) warnings.push_back(warning(name, hosts));
  }
  co_return warnings;
}

std::vector<std::string> check_local_domains(const Config& config) {
  asio::io_context io;
  dns::StubResolver resolver(io.get_executor(), config::stub_config(config), 1);
  delivery::OwnAddresses interfaces;
  const auto own = interfaces.at(BootClock::now());
  const std::set<dns::Address> addresses = own ? *own : std::set<dns::Address>();
  std::vector<std::string> warnings;
  asio::co_spawn(io, check_local_domains(config, resolver, addresses), [&](std::exception_ptr error, std::vector<std::string> found) {
    if (error) std::rethrow_exception(error);
    warnings = std::move(found);
    io.stop();
  });
  if (io.run_for(kPatience); !io.stopped())
    warnings = {"the name service did not tell in time whether this host is the mail host of its local domains"};
  return warnings;
}

}  // namespace mxpress::mta::control
