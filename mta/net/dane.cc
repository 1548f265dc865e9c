// DANE for SMTP.
#include "mta/net/dane.h"

#include <set>

#include "dns/target.h"
#include "proto/printable.h"
#include "proto/sha256.h"

namespace mxpress::mta::net {
namespace {

using Kind = dns::HostTlsa::Kind;

constexpr std::size_t kDigits = 32;  // 128 bits: nobody finds two sets with one digest
constexpr std::size_t kMaxWords = 200;

std::string source_of(const dns::HostTlsa& tlsa) { return "DANE (TLSA records of " + proto::printable(tlsa.owner(), kMaxWords) + ")"; }

TlsPolicy by_records(const dns::HostTlsa& tlsa) {
  std::vector<TlsaRecord> records;
  for (const std::string& data : tlsa.records) records.push_back(parse_tlsa(data));
  return TlsPolicy::dane(std::move(records), source_of(tlsa), {tlsa.base, tlsa.names});
}

bool yields_to_dane(const TlsPolicy& usual) { return usual.kind() == TlsPolicy::Kind::may || usual.is_published_sts(); }

// RFC 8461 2: no MTA-STS policy makes up for DANE that fails. Records of which none can be used ask for less than a policy that enforces.
TlsPolicy stronger(TlsPolicy dane, const TlsPolicy& usual) { return dane.needs_certificate() || !usual.needs_certificate() ? dane : usual; }

// RFC 8461 4.1
TlsPolicy of_listing(const dns::Target& target, const TlsPolicy& usual) {
  if (!usual.is_published_sts() || !target.is_unlisted) return usual;
  return TlsPolicy::sts_of_unlisted(usual.is_testing() ? StsMode::testing : StsMode::enforce);
}

}  // namespace

TlsPolicy policy_for(const dns::Target& target, const TlsPolicy& of_all) {
  if (!yields_to_dane(of_all)) return of_all;
  const TlsPolicy usual = of_listing(target, of_all);
  switch (target.tlsa.kind) {
    case Kind::found:
      return stronger(by_records(target.tlsa), usual);
    case Kind::failed:
      return TlsPolicy::unknown_dane("its TLSA records could not be looked up (" + proto::printable(target.tlsa.failure, kMaxWords) + ")",
                                     source_of(target.tlsa));
    case Kind::not_asked:
    case Kind::mx_insecure:
    case Kind::address_insecure:
    case Kind::none:
    case Kind::insecure:
      break;
  }
  return usual;
}

std::string dane_digest(const std::vector<dns::Target>& targets, const TlsPolicy& usual) {
  std::set<std::string> demands;
  for (const dns::Target& target : targets) {
    const TlsPolicy policy = policy_for(target, usual);
    if (!(policy == usual)) demands.insert(target.host + " " + policy.text());
  }
  std::string all;
  for (const std::string& one : demands) all += one + "\n";
  return all.empty() ? all : proto::sha256_hex(all, kDigits);
}

}  // namespace mxpress::mta::net
