// The defaults of [doctor].
#include "mta/config/config.h"

namespace mxpress::mta {
namespace {

std::vector<proto::Domain> domains_of(std::initializer_list<std::string_view> names) {
  std::vector<proto::Domain> domains;
  for (const std::string_view name : names) domains.push_back(proto::Domain::parse(name).value());
  return domains;
}

}  // namespace

// Large receivers in several networks, whose mail hosts accept connections from everywhere.
std::vector<proto::Domain> default_probe_domains() { return domains_of({"gmail.com", "outlook.com", "yahoo.com", "gmx.net"}); }

// Lists that many receivers use, that answer without registration, and that have the test entries of RFC 5782. As of 2026-12-01; those that
// have ended: docs/doctor.md, "Block lists".
std::vector<proto::Domain> default_block_lists() {
  return domains_of({"zen.spamhaus.org", "bl.spamcop.net", "psbl.surriel.com", "dnsbl-1.uceprotect.net", "bl.mailspike.net"});
}

}  // namespace mxpress::mta
