// Prints what is demanded of mail hosts.
#include "mta/cli/tls_command.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <ostream>

#include "mta/cli/json.h"
#include "mta/config/config.h"
#include "mta/control/tls_demands.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

using control::HostDemand;
using net::TlsPolicy;
using TlsaKind = dns::HostTlsa::Kind;

constexpr std::size_t kMaxWords = 500;

std::string shown(std::string_view text) { return proto::printable(text, kMaxWords); }

template <class List, class Text>
std::string joined(const List& list, std::string_view between, const Text& text_of) {
  std::string text;
  for (const auto& one : list) text.append(text.empty() ? "" : between).append(text_of(one));
  return text;
}

std::string addresses_of(const HostDemand& host) { return joined(host.addresses, ", ", shown); }

// What a host must offer; without an end.
std::string demand_of(const TlsPolicy& policy) {
  const auto text_of = [](const auto& name) { return name.text(); };
  switch (policy.kind()) {
    case TlsPolicy::Kind::none:
      return "clear text, without STARTTLS";
    case TlsPolicy::Kind::may:
      return "TLS where it works, with any certificate; else clear text";
    case TlsPolicy::Kind::encrypt:
      return "TLS, with any certificate";
    case TlsPolicy::Kind::verify:
      return "TLS with a trusted certificate for " + joined(policy.names(), " or ", text_of);
    case TlsPolicy::Kind::dane:
      if (!policy.unknown_because().empty()) return "no mail for now: " + policy.unknown_because();
      if (!policy.needs_certificate()) return "TLS, with any certificate: none of its TLSA records can be used";
      return "TLS with a certificate that its TLSA records name";
    case TlsPolicy::Kind::sts:
      return "TLS with a trusted certificate for its own name, which must be one of " + joined(policy.mx_patterns(), ", ", text_of);
  }
  return {};
}

std::string_view why_no_dane(TlsaKind kind) {
  switch (kind) {
    case TlsaKind::mx_insecure:
      return "the answer about the mail hosts is not authenticated (DNSSEC)";
    case TlsaKind::address_insecure:
      return "the answer about its addresses is not authenticated (DNSSEC)";
    case TlsaKind::none:
      return "it has no TLSA record";
    case TlsaKind::insecure:
      return "the answer about its TLSA records is not authenticated (DNSSEC)";
    case TlsaKind::not_asked:
    case TlsaKind::found:
    case TlsaKind::failed:
      break;
  }
  return {};
}

// Of each record of a policy: why it is not compared with the certificate; empty: it is.
std::vector<std::string> left_out(const TlsPolicy& policy) {
  std::vector<std::string> reasons;
  const auto stronger = net::set_aside_by(policy.records());
  for (std::size_t i = 0; i < policy.records().size(); ++i) {
    std::string why = net::why_unusable(policy.records()[i]);
    if (why.empty() && stronger[i]) why = brief(*stronger[i]) + " beside it has the stronger digest";
    reasons.push_back(std::move(why));
  }
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
  return {{"host", shown(host.host)},         {"addresses", std::move(addresses)},  {"policy", net::to_string(policy.kind())},
          {"source", shown(policy.source())}, {"demand", shown(demand_of(policy))}, {"no_dane_because", why_no_dane(host.tlsa)},
          {"tlsa", std::move(records)}};
}

void print_as_json(std::ostream& out, const std::string& domain, const control::TlsDemands& demands) {
  boost::json::array hosts;
  for (const HostDemand& host : demands.hosts) hosts.emplace_back(json_of(host));
  print_json(out, {{"domain", shown(domain)},
                   {"way", shown(demands.way)},
                   {"failure", shown(demands.failure)},
                   {"note", shown(demands.note)},
                   {"host", std::move(hosts)}});
}

bool takes_mail(const HostDemand& host) { return host.policy.unknown_because().empty(); }

}  // namespace

void print_tls(std::ostream& out, const std::string& domain, const control::TlsDemands& demands) {
  out << shown(domain) << ": mail hosts by " << shown(demands.way) << "\n";
  if (!demands.failure.empty()) out << "  " << shown(demands.failure) << "\n";
  for (const HostDemand& host : demands.hosts) {
    out << "  " << shown(host.host) << " (" << addresses_of(host) << ")\n    " << shown(demand_of(host.policy));
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
