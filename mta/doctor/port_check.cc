// Judges successes and probes.
#include "mta/doctor/port_check.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <set>

#include "dns/targets.h"

namespace mxpress::mta::doctor {
namespace {

constexpr std::size_t kProbes = 4;
constexpr std::size_t kLeastWrong = 2;  // hosts of different domains: one may be down itself

struct Probed {
  std::string domain;
  std::string where;  // "mx.example.org [192.0.2.1]:25"
  ProbeResult result;
};

std::string words_of(int error) {
  if (error == ETIMEDOUT) return "no answer (ETIMEDOUT)";
  if (error == ECONNREFUSED) return "connection refused (ECONNREFUSED)";
  if (error == ENETUNREACH) return "no route (ENETUNREACH)";
  if (error == EHOSTUNREACH) return "host unreachable (EHOSTUNREACH)";
  return std::string(std::strerror(error)) + " (errno " + std::to_string(error) + ")";
}

class Port {
 public:
  Port(Subject subject, dns::AddressFamily family, PortFacts facts, dns::Resolver& resolver, Prober& prober)
      : subject_(std::move(subject)), family_(family), facts_(std::move(facts)), resolver_(resolver), prober_(prober) {}

  Task<Findings> check() {
    Findings findings;
    if (auto known = by_facts())
      findings.push_back(std::move(*known));
    else
      findings.push_back(judge(co_await probe()));
    co_return findings;
  }

 private:
  // Nullopt: probes have to show it.
  std::optional<Finding> by_facts() const {
    if (!subject_.is_direct) return not_needed(check_, subject_.provider + " takes all mail.");
    if (subject_.family != dns::AddressFamily::any && subject_.family != family_)
      return not_needed(check_, "[delivery] address_family leaves " + name_ + " out.");
    if (const auto success = latest())
      return fine(check_, success->host + " [" + success->address + "] answered mxpressd at " + proto::rfc5322_date(success->when) + ".");
    if (subject_.has_source(is_v6_)) return std::nullopt;
    if (is_v6_ || subject_.has_source(!is_v6_)) return not_needed(check_, "This host has no route by " + name_ + ".");
    return Finding{check_, State::wrong, "This host has no route to the internet.", Actor::network_operator,
                   "Set up the network of this host."};
  }

  std::optional<Success> latest() const {
    std::optional<Success> best;
    for (const Success& one : facts_.successes)
      if (one.address.starts_with('[') == is_v6_ && (!best || best->when < one.when)) best = one;
    return best;
  }

  // Until one answers.
  Task<std::vector<Probed>> probe() {
    std::vector<Probed> probed;
    std::mt19937_64 random{1};
    dns::TargetRules rules;
    rules.family = family_;
    rules.port = subject_.port;
    rules.may_deliver_to = [](const dns::Address& one) { return dns::peculiarity(one).empty(); };
    for (const proto::Domain& domain : facts_.probe_domains) {
      if (probed.size() == kProbes) break;
      const dns::Targets targets = co_await dns::find_targets(resolver_, domain, rules, random);
      if (targets.targets.empty()) continue;
      const dns::Target& target = targets.targets.front();
      ProbeResult result = co_await prober_.probe(target.address, target.port);
      probed.push_back({domain.text(), target.host + " [" + dns::address_and_port(target.address, target.port) + "]", std::move(result)});
      if (probed.back().result.error == 0) break;
    }
    co_return probed;
  }

  Finding judge(const std::vector<Probed>& probed) const {
    if (probed.empty())
      return unknown(
          check_, "No mail host of [doctor] probe_domains with an " + name_ + " address was found, and mxpressd has reached none lately.");
    const Probed& last = probed.back();
    if (last.result.error == 0) {
      const std::string greeting = last.result.greeting.empty() ? "" : ", and says: " + last.result.greeting;
      return fine(check_, last.where + " takes connections" + greeting + ".");
    }
    std::string evidence;
    for (const Probed& one : probed) evidence += (evidence.empty() ? "" : "; ") + one.where + ": " + words_of(one.result.error);
    evidence += ".";
    if (subject_.has_fallback)
      return not_needed(check_, evidence + " Mail goes by " + subject_.provider + " while no mail host can be reached (fallback).");
    if (probed.size() < kLeastWrong) return unknown(check_, evidence + " One host alone may be down itself.");
    return wrong(evidence, probed);
  }

  Finding wrong(const std::string& evidence, const std::vector<Probed>& probed) const {
    const auto all = [&](int error) {
      return std::all_of(probed.begin(), probed.end(), [error](const Probed& one) { return one.result.error == error; });
    };
    Finding finding{check_, State::wrong, evidence, Actor::hosting_provider};
    const std::string port = "port " + std::to_string(subject_.port);
    if (all(ETIMEDOUT)) {
      finding.evidence = "What goes to " + port + " is dropped on its way: " + evidence;
      finding.remedy = "The hosting provider opens " + port +
                       " outwards, mostly on request; a firewall of this host can drop it, too (nft list ruleset).";
    } else if (all(ECONNREFUSED)) {
      finding.evidence = "Something on the way refuses connections to " + port + ": " + evidence;
      finding.remedy =
          "Look for a rule that rejects " + port + " in the firewall of this host (nft list ruleset); else the hosting provider opens it.";
    } else {
      finding.actor = Actor::network_operator;
      finding.remedy = "Look at the routes of this host (ip route; ip -6 route) and at its firewall.";
    }
    if (is_v6_ && subject_.has_source(false)) {
      finding.remedy += " Until then send by IPv4 alone.";
      finding.paste = {"[delivery]\naddress_family = \"ipv4\""};
    } else {
      finding.remedy += " Until then a provider can take the mail (mxpress.toml(5), [route] fallback).";
      finding.paste = {"[route]\nprovider = \"NAME\"\nfallback = true"};
    }
    return finding;
  }

  const Subject subject_;
  const dns::AddressFamily family_;
  const bool is_v6_ = family_ == dns::AddressFamily::ipv6;
  const std::string check_{port_check_name(family_)}, name_ = is_v6_ ? "IPv6" : "IPv4";
  const PortFacts facts_;
  dns::Resolver& resolver_;
  Prober& prober_;
};

}  // namespace

std::string_view port_check_name(dns::AddressFamily family) { return family == dns::AddressFamily::ipv6 ? "port25 ipv6" : "port25 ipv4"; }

Task<Findings> check_port(Subject subject, dns::AddressFamily family, PortFacts facts, dns::Resolver& resolver, Prober& prober) {
  Port port(std::move(subject), family, std::move(facts), resolver, prober);
  co_return co_await port.check();
}

}  // namespace mxpress::mta::doctor
