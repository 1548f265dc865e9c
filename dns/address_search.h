// From mail hosts to addresses: looks hosts up one after another, drops addresses that may not be used, and explains an empty result.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "dns/targets.h"

namespace mxpress::dns {

// A mail host with the addresses that may be used, in the order to try them.
struct MailHost {
  std::uint16_t preference = 0;
  std::string name;
  std::vector<Address> addresses{};
  bool authenticated = false;
  HostTlsa tlsa{};
};

// asked: `rules.may_deliver_to` is called. not_asked: for routes, which the administrator has chosen.
enum class Policy { asked, not_asked };

Targets failed_targets(proto::EnhancedStatus status, std::string text, std::chrono::seconds ttl);

inline constexpr proto::EnhancedStatus kNullMx{5, 1, 10};  // RFC 7505 4.2
inline constexpr proto::EnhancedStatus kNoHost{5, 1, 2};
inline constexpr proto::EnhancedStatus kLoop{5, 4, 6};
inline constexpr proto::EnhancedStatus kLookupFailed{4, 4, 3};

// For one domain. Resolver and rules outlive it.
class AddressSearch {
 public:
  AddressSearch(Resolver& resolver, const TargetRules& rules, std::uint16_t port, Policy policy)
      : resolver_(resolver), rules_(rules), port_(port), policy_(policy) {}

  // The MX answer for `domain`; its TTL and authenticity limit those of the result.
  void use_mx(const Answer& answer, const std::string& domain);
  // `hosts` by preference. Ends when there are enough addresses, or no more questions may be asked.
  Task<void> look_up(std::vector<MailHost> hosts);
  // Adds an address that needs no lookup.
  void use_address(MailHost host, const Address& address);
  // `domain` is used only in the text.
  Targets result(const std::string& domain) const;

 private:
  bool is_enough() const;
  bool may_be_used(const MailHost& host) const;
  Task<void> look_up_one(MailHost host);
  Task<void> ask_addresses(MailHost host);
  Task<void> look_at_other_family(std::string name);
  Task<Answer> ask(std::string name, RecordType type);
  Task<void> ask_tlsa(const Answer& v4, const Answer& v6);
  void judge(MailHost host, const Answer& v4, const Answer& v6);
  void note_ttl(const Answer& answer, bool host_has_address);
  bool take(MailHost& host, const std::vector<Address>& v4, const std::vector<Address>& v6);
  bool is_own(const Address& address) const { return rules_.is_own && rules_.is_own(address, port_); }
  std::string objection(const Address& address) const;
  Targets found() const;

  static constexpr int kNoPreference = 0x10000;

  Resolver& resolver_;
  const TargetRules& rules_;
  std::uint16_t port_;
  Policy policy_;
  std::vector<MailHost> hosts_;  // with at least one usable address
  bool mx_authenticated_ = true;
  std::size_t tlsa_octets_ = 0;       // of the hosts so far
  std::vector<std::string> domains_;  // that the MX answer is about: with that of its CNAMEs
  bool is_implicit_ = false;
  int own_preference_ = kNoPreference;  // of the first host that is this host
  std::size_t lookups_ = 0;
  std::chrono::seconds ttl_ = std::chrono::hours(24);
  std::string temporary_, cut_, missing_;  // reasons why hosts cannot be used, for people
};

}  // namespace mxpress::dns
