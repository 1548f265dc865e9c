// The mail hosts of a domain in the order to try them: see targets.h.
#include "dns/targets.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "dns/address_search.h"
#include "proto/site_key.h"

namespace mxpress::dns {
namespace {

constexpr std::chrono::seconds kForLong = std::chrono::hours(24);
constexpr int kNoPreference = 0x10000;
constexpr std::size_t kMaxHosts = 32;  // of a domain; an answer may have thousands, and the names of the used ones identify the site

// In the form of names in Question and MxRecord: lower case, no trailing dot.
std::string canonical(std::string name) {
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (name.ends_with('.')) name.pop_back();
  return name;
}

bool is_before(const MailHost& a, const MailHost& b) { return std::tie(a.preference, a.name) < std::tie(b.preference, b.name); }

// The MX records in the order to try them, without a null MX beside others (RFC 7505 3), up to our own preference (RFC 5321 5.1).
std::vector<MailHost> ordered_hosts(const Answer& answer, const TargetRules& rules, std::mt19937_64& random) {
  std::vector<MailHost> hosts;
  const std::string own_name = canonical(rules.own_name);
  int own_preference = kNoPreference;
  for (const MxRecord& mx : answer.mx) {
    if (mx.host.empty()) continue;
    if (mx.host == own_name) own_preference = std::min<int>(own_preference, mx.preference);
    hosts.push_back({.preference = mx.preference, .name = mx.host});
  }
  std::erase_if(hosts, [own_preference](const MailHost& host) { return host.preference >= own_preference; });
  std::sort(hosts.begin(), hosts.end(), is_before);
  if (hosts.size() > kMaxHosts) {  // after sorting, so that the same hosts remain each time
    hosts.resize(kMaxHosts);
    hosts.shrink_to_fit();
  }
  for (auto begin = hosts.begin(); begin != hosts.end();) {
    const auto end = std::find_if(begin, hosts.end(), [begin](const MailHost& host) { return host.preference != begin->preference; });
    std::shuffle(begin, end, random);
    begin = end;
  }
  return hosts;
}

// Hosts of equal preference have no order, so their names are sorted; ',' separates equals, '>' comes before later ones.
std::string site_of(std::vector<MailHost> hosts, std::uint16_t port) {
  std::sort(hosts.begin(), hosts.end(), is_before);
  std::string site;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (i > 0) site += hosts[i].preference == hosts[i - 1].preference ? ',' : '>';
    site += hosts[i].name;
  }
  return proto::short_site_key(site + ":" + std::to_string(port));
}

bool reaches(AddressFamily family, const Address& address) {
  return family == AddressFamily::any || (family == AddressFamily::ipv6) == address.is_v6;
}

Task<Answer> ask_for(Resolver& resolver, Question question, const TargetRules& rules) {
  return rules.wants_tlsa ? resolver.resolve_validated(std::move(question), rules.owner) : resolver.resolve(std::move(question));
}

Targets literal_targets(Resolver& resolver, const proto::Domain& domain, const TargetRules& rules) {
  const Result<Address> address = Address::parse(domain.address());
  if (!address) return failed_targets(kNoHost, domain.text() + " is no address that mail can be sent to", kForLong);
  if (!reaches(rules.family, *address)) {
    return failed_targets(kNoHost, domain.text() + " cannot be reached: this host is set to the other address family only", kForLong);
  }
  AddressSearch search(resolver, rules, rules.port, Policy::asked);
  search.use_address({.name = domain.text()}, *address);
  Targets targets = search.result(domain.text());
  targets.site = site_of({{.name = domain.text()}}, rules.port);
  return targets;
}

// The result if the MX answer alone decides it.
std::optional<Targets> decided_by_mx(const std::string& domain, const Answer& mx) {
  switch (mx.kind) {
    case AnswerKind::failed:
      return failed_targets(kLookupFailed, "The mail hosts of " + domain + " could not be looked up: " + mx.text, mx.ttl);
    case AnswerKind::no_such_name:
      return failed_targets(kNoHost, "There is no domain " + domain + " (" + mx.text + ")", mx.ttl);
    case AnswerKind::no_data:
      return std::nullopt;
    case AnswerKind::found:
      break;
  }
  const bool only_null = std::all_of(mx.mx.begin(), mx.mx.end(), [](const MxRecord& record) { return record.host.empty(); });
  if (!only_null) return std::nullopt;
  return failed_targets(kNullMx, domain + " takes no mail, says its null MX record (from " + mx.server + ")", mx.ttl);
}

}  // namespace

std::string Target::address_text() const { return is_unix_socket() ? host : address_and_port(address, port); }

Task<Targets> find_targets(Resolver& resolver, proto::Domain domain, const TargetRules& rules, std::mt19937_64& random) {
  if (domain.is_address_literal()) co_return literal_targets(resolver, domain, rules);
  const std::string name = domain.text();
  Question question{name, RecordType::mx};
  Answer mx = co_await ask_for(resolver, std::move(question), rules);
  if (std::optional<Targets> decided = decided_by_mx(name, mx)) co_return std::move(*decided);
  // RFC 5321 5.1: the implicit MX, only if the DNS says that there is no MX record.
  if (mx.kind == AnswerKind::no_data) mx.mx.push_back({0, name});
  std::vector<MailHost> hosts = ordered_hosts(mx, rules, random);
  if (hosts.empty()) {
    co_return failed_targets(kLoop, "Mail for " + name + " would come back to this host: " + rules.own_name + " is its best mail host",
                             mx.ttl);
  }
  AddressSearch search(resolver, rules, rules.port, Policy::asked);
  search.use_mx(mx, name);
  mx.mx = {};  // there may be thousands of them, and the lookups below may take time
  std::string site = site_of(hosts, rules.port);
  co_await search.look_up(std::move(hosts));
  Targets targets = search.result(name);
  targets.site = std::move(site);
  co_return targets;
}

Task<Targets> find_route_targets(Resolver& resolver, std::string host, std::uint16_t port, const TargetRules& rules, std::mt19937_64&) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  host = canonical(std::move(host));
  AddressSearch search(resolver, rules, port, Policy::not_asked);
  if (const Result<Address> address = Address::parse(host)) {
    search.use_address({.name = host}, *address);
  } else {
    std::vector<MailHost> hosts;
    hosts.push_back({.name = host});
    co_await search.look_up(std::move(hosts));
  }
  Targets targets = search.result(host);
  targets.site = site_of({{.name = host}}, port);
  co_return targets;
}

}  // namespace mxpress::dns
