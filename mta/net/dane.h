// DANE for SMTP: from what the DNS says of a mail host's TLSA records to what is demanded of the host. RFC 7672.
#pragma once

#include <string>
#include <vector>

#include "mta/net/tls_policy.h"

namespace mxpress::dns {
struct Target;
}

namespace mxpress::mta::net {

// What is demanded of this host, where `usual` is demanded of all hosts of its domain. A pure function:
//   `usual` neither `may` nor a published sts       as it is: what the configuration says is not changed by the DNS
//   records, at least one of them usable            dane: a certificate that one of them names
//   records, none of them usable                    dane without a demand on the certificate: TLS; `usual` if that needs a certificate
//   the records could not be found out              unknown_dane(): the host is not used for now
//   no records; or the MX record, an address or     `usual`
//   the answer about the records is not secure
// Of a published sts a host that `target` calls unlisted gets TlsPolicy::sts_of_unlisted() for `usual`.
TlsPolicy policy_for(const dns::Target& target, const TlsPolicy& usual);

// A digest of what the DNS demands of these hosts beyond `usual`, in any order; empty: nothing.
std::string dane_digest(const std::vector<dns::Target>& targets, const TlsPolicy& usual);

}  // namespace mxpress::mta::net
