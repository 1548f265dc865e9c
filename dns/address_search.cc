// From mail hosts to addresses: see address_search.h.
#include "dns/address_search.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "dns/packet.h"
#include "dns/tlsa.h"

namespace mxpress::dns {
namespace {

using std::chrono::seconds;

constexpr seconds kLongest = std::chrono::hours(24);
constexpr seconds kFailureHolds{5};
constexpr std::size_t kHostsTold = 4;

// A name that mail may be sent to: letters, digits, - and _ (RFC 5321 4.1.2; the underscore is seen in practice).
bool is_host_name(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  return !name.empty() && name.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool wants(const TargetRules& rules, RecordType type) {
  return type == RecordType::a ? rules.family != AddressFamily::ipv6 : rules.family != AddressFamily::ipv4;
}

// IPv4 first: many receivers refuse mail over IPv6 alone from hosts whose IPv6 address has no name.
std::vector<Address> interleaved(const std::vector<Address>& v4, const std::vector<Address>& v6) {
  std::vector<Address> both;
  for (std::size_t i = 0; i < std::max(v4.size(), v6.size()); ++i) {
    if (i < v4.size()) both.push_back(v4[i]);
    if (i < v6.size()) both.push_back(v6[i]);
  }
  return both;
}

// Adds to a list for people, which stays short.
void note(std::string& list, const std::string& text) {
  if (list.find(text) != std::string::npos) return;
  const auto told = static_cast<std::size_t>(std::count(list.begin(), list.end(), ';'));
  if (list.empty()) {
    list = text;
  } else if (told + 1 < kHostsTold) {
    list += "; " + text;
  } else if (!list.ends_with("...")) {
    list += "; ...";
  }
}

// The text for a host without any address: which records it lacks.
std::string missing_text(const MailHost& host, const Answer& answer) {
  const bool no_name = answer.kind == AnswerKind::no_such_name;
  return host.name + " (" + (no_name ? answer.text : "no address record, says " + answer.server) + ")";
}

}  // namespace

Targets failed_targets(proto::EnhancedStatus status, std::string text, seconds ttl) {
  Targets targets;
  targets.kind = status.is_permanent() ? TargetsKind::failed_permanently : TargetsKind::failed_for_now;
  targets.status = status;
  targets.text = std::move(text);
  targets.ttl = std::clamp(ttl, seconds(1), status.is_permanent() ? kLongest : kFailureHolds);
  return targets;
}

void AddressSearch::use_mx(const Answer& answer, const std::string& domain) {
  domains_ = {domain};
  if (!answer.canonical_name.empty() && answer.canonical_name != domain) domains_.push_back(answer.canonical_name);
  ttl_ = std::min(ttl_, answer.ttl);
  mx_authenticated_ = answer.authenticated;
  is_implicit_ = answer.kind == AnswerKind::no_data;
  ++lookups_;
}

Task<void> AddressSearch::look_up(std::vector<MailHost> hosts) {
  const std::size_t questions = rules_.family == AddressFamily::any ? 2 : 1;
  for (MailHost& host : hosts) {
    if (is_enough() || host.preference >= own_preference_) break;
    if (lookups_ + questions > rules_.max_lookups) {
      note(temporary_, "none of its first mail hosts has an address, and it has too many to look all of them up");
      break;
    }
    lookups_ += questions;
    co_await look_up_one(std::move(host));
  }
  // RFC 5321 5.1: hosts that are not closer to the recipient than we are would send the message back.
  std::erase_if(hosts_, [this](const MailHost& host) { return host.preference >= own_preference_; });
}

void AddressSearch::use_address(MailHost host, const Address& address) {
  if (take(host, {address}, {})) return;
  hosts_.push_back(std::move(host));
}

bool AddressSearch::may_be_used(const MailHost& host) const {
  if (host.tlsa.kind == HostTlsa::Kind::failed) return false;
  return host.tlsa.kind == HostTlsa::Kind::found || !rules_.may_be_used || rules_.may_be_used(host.name);
}

// Hosts that no mail may go to now do not count.
bool AddressSearch::is_enough() const {
  std::size_t addresses = 0, hosts = 0;
  for (const MailHost& host : hosts_) {
    if (!may_be_used(host)) continue;
    addresses += host.addresses.size();
    ++hosts;
  }
  return hosts >= 2 && addresses >= rules_.max_addresses;
}

Task<void> AddressSearch::look_up_one(MailHost host) {
  if (Address::parse(host.name).ok()) {
    note(missing_, host.name + " (an address, where a host name belongs)");
  } else if (!is_host_name(host.name)) {
    note(missing_, host.name + " (not a host name)");
  } else {
    co_await ask_addresses(std::move(host));
  }
}

Task<void> AddressSearch::ask_addresses(MailHost host) {
  using namespace asio::experimental::awaitable_operators;
  Answer v4, v6;
  if (rules_.family == AddressFamily::any) {
    std::tie(v4, v6) = co_await (ask(host.name, RecordType::a) && ask(host.name, RecordType::aaaa));
  } else if (rules_.family == AddressFamily::ipv4) {
    v4 = co_await ask(host.name, RecordType::a);
  } else {
    v6 = co_await ask(host.name, RecordType::aaaa);
  }
  if (rules_.family != AddressFamily::any && v4.addresses.empty() && v6.addresses.empty()) co_await look_at_other_family(host.name);
  const std::size_t before = hosts_.size();
  judge(std::move(host), v4, v6);
  if (rules_.wants_tlsa && hosts_.size() > before) co_await ask_tlsa(v4, v6);
}

// Of the host that was found last. In turn behind the addresses: where these are not authenticated nothing more is asked, because name
// servers that fail for unknown types belong to such zones (RFC 7672 2.1.2).
Task<void> AddressSearch::ask_tlsa(const Answer& v4, const Answer& v6) {
  MailHost& host = hosts_.back();
  const std::string& canonical = (v4.addresses.empty() ? v6 : v4).canonical_name;
  lookups_ += host.authenticated ? 1 : 0;
  HostAnswers about{.host = host.name, .canonical = canonical.empty() ? host.name : canonical, .port = port_};
  about.mail_owner = rules_.owner;
  about.is_mx_secure = mx_authenticated_;
  about.is_address_secure = host.authenticated;
  about.domains = domains_;
  about.octets_left = kMostTlsaOctets - tlsa_octets_;
  TlsaFinding finding = co_await find_tlsa(resolver_, std::move(about));
  host.tlsa = std::move(finding.tlsa);
  tlsa_octets_ += finding.octets;
  ttl_ = std::min(ttl_, finding.ttl);
}

// A host may have addresses only in the unused family and get the others later (Microsoft's hosts lack them for moments), and the choice of
// the family is a setting of this side: no mail is returned for that.
Task<void> AddressSearch::look_at_other_family(std::string name) {
  const RecordType type = wants(rules_, RecordType::a) ? RecordType::aaaa : RecordType::a;
  ++lookups_;
  const Answer other = co_await ask(name, type);
  if (other.addresses.empty()) co_return;
  note(temporary_, name + " has only " + (type == RecordType::a ? "IPv4" : "IPv6") + " addresses, and address_family excludes those");
}

Task<Answer> AddressSearch::ask(std::string name, RecordType type) {
  Question question{std::move(name), type};
  const bool may_have_dane = rules_.wants_tlsa && mx_authenticated_;
  if (may_have_dane) co_return co_await resolver_.resolve_validated(std::move(question), rules_.owner);
  co_return co_await resolver_.resolve(std::move(question));
}

// If one family fails the other is still used; only both together can show that there is no address.
void AddressSearch::judge(MailHost host, const Answer& v4, const Answer& v6) {
  host.authenticated = mx_authenticated_ && (v4.addresses.empty() || v4.authenticated) && (v6.addresses.empty() || v6.authenticated);
  const bool any_cut = take(host, v4.addresses, v6.addresses);
  const bool has_any = !v4.addresses.empty() || !v6.addresses.empty();
  if (wants(rules_, RecordType::a)) note_ttl(v4, has_any);
  if (wants(rules_, RecordType::aaaa)) note_ttl(v6, has_any);
  if (!host.addresses.empty()) return hosts_.push_back(std::move(host));
  for (const auto& [type, answer] : {std::pair(RecordType::a, &v4), std::pair(RecordType::aaaa, &v6)}) {
    if (!wants(rules_, type) || answer->kind != AnswerKind::failed) continue;
    return note(temporary_, "the " + to_string(type) + " record of " + host.name + ": " + answer->text);
  }
  if (!any_cut) note(missing_, missing_text(host, wants(rules_, RecordType::a) ? v4 : v6));
}

// If one family has an address, the failure or absence of the other does not shorten the TTL: it is only left out this time. ("No AAAA
// record" may have a TTL of zero, RFC 2308 5, and most hosts have none.)
void AddressSearch::note_ttl(const Answer& answer, bool host_has_address) {
  const bool counts = host_has_address ? answer.kind == AnswerKind::found : answer.kind != AnswerKind::failed;
  if (counts) ttl_ = std::min(ttl_, answer.ttl);
}

// Gives the host its usable addresses; returns true if an address was left out.
bool AddressSearch::take(MailHost& host, const std::vector<Address>& v4, const std::vector<Address>& v6) {
  bool any_cut = false;
  for (const Address& mapped : interleaved(v4, v6)) {
    const Address address = unmapped(mapped);
    const std::string why_not = objection(address);
    if (why_not.empty()) {
      host.addresses.push_back(address);
      continue;
    }
    any_cut = true;
    note(cut_, host.name + " has address " + address.to_string() + ", " + why_not);
    if (is_own(address)) own_preference_ = std::min<int>(own_preference_, host.preference);
  }
  return any_cut;
}

// The reason why an address is not used; empty if it may be used.
std::string AddressSearch::objection(const Address& address) const {
  if (is_own(address)) return "which is this host";
  if (policy_ == Policy::not_asked || !rules_.may_deliver_to || rules_.may_deliver_to(address)) return {};
  const std::string_view kind = peculiarity(address);
  if (kind.empty()) return "which is this host's own";
  return "which is " + std::string(kind) + (is_loopback(address) || is_unspecified(address) ? " (this host itself)" : "");
}

Targets AddressSearch::result(const std::string& domain) const {
  if (!hosts_.empty()) return found();
  if (!temporary_.empty()) {
    return failed_targets(kLookupFailed, "The mail hosts of " + domain + " could not be looked up: " + temporary_, ttl_);
  }
  if (!cut_.empty()) return failed_targets(kLoop, "No mail host of " + domain + " can be used: " + cut_, ttl_);
  if (is_implicit_) return failed_targets(kNoHost, domain + " has neither a mail host (MX) nor an address: " + missing_, ttl_);
  return failed_targets(kNoHost, "No mail host of " + domain + " has an address: " + missing_, ttl_);
}

// A second host gets the last place if the first could fill them all. A host that no mail may go to now stays, for the report of the
// attempt, and takes no place.
Targets AddressSearch::found() const {
  Targets targets;
  targets.kind = TargetsKind::found;
  targets.ttl = std::clamp(ttl_, seconds(1), kLongest);
  const std::size_t most = std::max<std::size_t>(rules_.max_addresses, 1);
  const std::size_t for_first = hosts_.size() > 1 && most > 1 ? most - 1 : most;
  std::size_t used = 0;
  for (const MailHost& host : hosts_) {
    std::size_t room = may_be_used(host) ? std::min(most - used, &host == &hosts_.front() ? for_first : most) : 1;
    for (const Address& address : host.addresses) {
      if (room-- == 0) break;
      targets.targets.push_back({host.name, address, port_, host.authenticated, host.preference, host.tlsa});
      used += may_be_used(host) ? 1 : 0;
    }
  }
  return targets;
}

}  // namespace mxpress::dns
