// Prints what is demanded of mail hosts.
#include "mta/cli/tls_command.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <ostream>

#include "mta/check/words.h"
#include "mta/cli/json.h"
#include "mta/config/config.h"
#include "mta/control/tls_demands.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

using check::demand_of;
using check::joined;
using check::shown;
using check::why_no_dane;
using control::HostDemand;
using net::TlsPolicy;

std::string addresses_of(const HostDemand& host) { return joined(host.addresses, ", ", shown); }

// Of each record of a policy: why it is not compared with the certificate; empty: it is.
std::vector<std::string> left_out(const TlsPolicy& policy) {
  std::vector<std::string> reasons = net::why_unusable(policy.records());
  const auto stronger = net::set_aside_by(policy.records());
  for (std::size_t i = 0; i < reasons.size(); ++i)
    if (reasons[i].empty() && stronger[i]) reasons[i] = brief(*stronger[i]) + " beside it has the stronger digest";
  return reasons;
}

void print_records(std::ostream& out, const TlsPolicy& policy) {
  if (!policy.is_by_dns()) return;
  const std::vector<std::string> reasons = left_out(policy);
  for (std::size_t i = 0; i < reasons.size(); ++i)
    out << "      " << brief(policy.records()[i]) << (reasons[i].empty() ? "" : " is not used: " + reasons[i]) << "\n";
}

boost::json::object json_of(const HostDemand& host) {
  const TlsPolicy& policy = host.policy;
  boost::json::array addresses, records;
  for (const std::string& address : host.addresses) addresses.emplace_back(shown(address));
  const std::vector<std::string> reasons = left_out(policy);
  for (std::size_t i = 0; i < reasons.size(); ++i)
    records.emplace_back(
        boost::json::object{{"record", brief(policy.records()[i])}, {"used", reasons[i].empty()}, {"why_not", reasons[i]}});
  return {{"host", shown(host.host)},
          {"addresses", std::move(addresses)},
          {"policy", net::to_string(policy.kind())},
          {"source", shown(policy.source())},
          {"demand", shown(demand_of(policy, host.host))},
          {"no_dane_because", why_no_dane(host.tlsa)},
          {"tlsa", std::move(records)}};
}

bool takes_mail(const HostDemand& host) {
  return host.policy.unknown_because().empty() && (host.policy.allows_clear() || host.policy.allows_host(host.host));
}

boost::json::object json_of(const sts::Finding& finding) {
  boost::json::object object{{"why", shown(finding.why)}};
  if (!finding.policy) return object;
  boost::json::array patterns;
  for (const net::MxPattern& pattern : finding.policy->policy.mx) patterns.emplace_back(shown(pattern.text()));
  object["mode"] = to_string(finding.policy->policy.mode);
  object["id"] = shown(finding.policy->id);
  object["mx"] = std::move(patterns);
  object["max_age"] = finding.policy->policy.max_age.count();
  object["until"] = proto::rfc5322_date(finding.policy->end());
  return object;
}

void print_as_json(std::ostream& out, const std::string& domain, const control::TlsDemands& demands) {
  boost::json::array hosts;
  for (const HostDemand& host : demands.hosts) hosts.emplace_back(json_of(host));
  boost::json::object all{{"domain", shown(domain)},
                          {"way", shown(demands.way)},
                          {"failure", shown(demands.failure)},
                          {"note", shown(demands.note)},
                          {"host", std::move(hosts)}};
  if (demands.sts) all["mta_sts"] = json_of(*demands.sts);
  print_json(out, all);
}

}  // namespace

void print_tls(std::ostream& out, const std::string& domain, const control::TlsDemands& demands) {
  out << shown(domain) << ": mail hosts by " << shown(demands.way) << "\n";
  if (!demands.failure.empty()) out << "  " << shown(demands.failure) << "\n";
  if (demands.sts) out << "  " << check::in_words(*demands.sts) << "\n";
  for (const HostDemand& host : demands.hosts) {
    out << "  " << shown(host.host) << " (" << addresses_of(host) << ")\n    " << shown(demand_of(host.policy, host.host));
    if (!host.policy.source().empty()) out << ", by " << shown(host.policy.source());
    out << "\n";
    print_records(out, host.policy);
    if (const std::string_view why = why_no_dane(host.tlsa); !why.empty()) out << "    no DANE: " << why << "\n";
  }
  if (!demands.note.empty()) out << "  " << shown(demands.note) << "\n";
}

ExitCode run_tls(const CommandLine& line, const Config& config, Streams streams) {
  const auto domain = proto::Domain::parse(line.arguments.front());
  if (!domain) {
    streams.error << "mxpress: " << shown(line.arguments.front()) << ": " << domain.error().message << "\n";
    return ExitCode::usage;
  }
  const control::TlsDemands demands = control::find_tls_demands(config, *domain);
  if (line.json)
    print_as_json(streams.out, domain->text(), demands);
  else
    print_tls(streams.out, domain->text(), demands);
  return std::any_of(demands.hosts.begin(), demands.hosts.end(), takes_mail) ? ExitCode::ok : ExitCode::nothing_matched;
}

}  // namespace mxpress::mta::cli
