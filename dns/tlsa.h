// Looks the TLSA records of a mail host up. RFC 7672 2.1, 2.2.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "dns/async.h"
#include "dns/target.h"
#include "proto/share_owner.h"

namespace mxpress::dns {

class Resolver;

// What is known of a host once its addresses are.
struct HostAnswers {
  std::string host{};
  std::string canonical{};  // where CNAMEs led from it; the same without any
  std::uint16_t port = 25;
  proto::ShareOwner mail_owner{};      // see Resolver::resolve_validated()
  bool is_mx_secure = false;           // the answer about the domain's mail hosts was authenticated
  bool is_address_secure = false;      // each answer with addresses was, CNAMEs included
  std::vector<std::string> domains{};  // that the mail is for: the domain, and where CNAMEs led from it
  std::size_t octets_left = 0;         // of kMostTlsaOctets; with more than these the lookup fails
};

struct TlsaFinding {
  HostTlsa tlsa;
  std::size_t octets = 0;       // that it takes of those left
  std::chrono::seconds ttl{0};  // how long it holds
};

// Of all hosts of a domain: octets of their records, and of the names that certificates may be for. Each destination keeps them.
inline constexpr std::size_t kMostTlsaOctets = 2048;

// Asks nothing where the host is insecure, else one question; at most two, and one for a CNAME, where the host's name is an alias.
// `resolver` outlives the coroutine.
Task<TlsaFinding> find_tlsa(Resolver& resolver, HostAnswers about);

}  // namespace mxpress::dns
