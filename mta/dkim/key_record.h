// What the DNS says of a key: the TXT record of SELECTOR._domainkey.DOMAIN. RFC 6376 3.6.1, RFC 8463 4.
#pragma once

#include <string>
#include <string_view>

#include "mta/dkim/key.h"
#include "proto/domain.h"

namespace mxpress::mta::dkim {

// Longer records are cut by OpenDKIM.
inline constexpr std::size_t kMostRecordOctets = 1000;

struct KeyRecord {
  PublicKey key;
  bool is_testing = false;       // t=y: receivers treat mail as if it were not signed
  bool has_same_domain = false;  // t=s: the domain of i= is d=, no subdomain of it
};

// "v=DKIM1; k=rsa; p=...": a form that all verifiers read.
std::string record_text(const PublicKey& key);
// Reads that form, with h=sha256 and t= besides, and no other: what some verifiers refuse is an Error that names it, although the RFC
// allows it. `text`: the strings of the record joined.
Result<KeyRecord> parse_key_record(std::string_view text);
// Whether mail signed by this key is verified by this record. The Error says why not, and what to publish.
Status matches(std::string_view record, const Key& key);

// "s1._domainkey.example.org".
std::string record_name(std::string_view selector, const proto::Domain& domain);
// The right side of a TXT record in a zone file: quoted strings of at most 255 octets, with a blank between them. RFC 1035 3.3.14
std::string zone_strings(std::string_view text);

// One or more labels of letters, digits and hyphens, as they stand in s=: lower case, A-labels. RFC 6376 3.1
Result<std::string> parse_selector(std::string_view text);

}  // namespace mxpress::mta::dkim
