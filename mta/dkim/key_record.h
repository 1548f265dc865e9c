// The DNS record of a key: the TXT record of SELECTOR._domainkey.DOMAIN. RFC 6376 3.6.1, RFC 8463 4.
#pragma once

#include <string>
#include <string_view>

#include "mta/dkim/key.h"
#include "proto/domain.h"

namespace mxpress::mta::dkim {

// OpenDKIM cuts longer records.
inline constexpr std::size_t kMostRecordOctets = 1000;

struct KeyRecord {
  PublicKey key;
  bool is_testing = false;       // t=y: receivers treat mail as if it were not signed
  bool has_same_domain = false;  // t=s: the domain of i= must be d=, not a subdomain
};

// "v=DKIM1; k=rsa; p=...": a form that all verifiers read.
std::string record_text(const PublicKey& key);
// Reads that form, with h=sha256 and t= as well, and no other: forms that some verifiers refuse are an Error with the reason, even if the
// RFC allows them. `text`: the strings of the record joined.
Result<KeyRecord> parse_key_record(std::string_view text);
// Checks that this record verifies mail signed by this key. The Error has the reason, and the record to publish.
Status matches(std::string_view record, const Key& key);

// "s1._domainkey.example.org".
std::string record_name(std::string_view selector, const proto::Domain& domain);
// The right side of a TXT record in a zone file: quoted strings of at most 255 octets, separated by a blank. RFC 1035 3.3.14
std::string zone_strings(std::string_view text);

// One or more labels of letters, digits and hyphens, in the form for s=: lower case, A-labels. RFC 6376 3.1
Result<std::string> parse_selector(std::string_view text);

}  // namespace mxpress::mta::dkim
