// DMARC of a sample message, signed by this host's keys and verified by the records in the DNS. RFC 9989.
#pragma once

#include "mta/dkim/key_ring.h"
#include "mta/doctor/finding.h"
#include "mta/doctor/subject.h"

namespace mxpress::mta::doctor {

// Whether the envelope of the sample passes SPF, by the findings of check_records().
State spf_state(const Findings& records);

// Signs a message from `subject.mail.domain`, verifies each signature by the key in the DNS, and compares the domains of From, envelope and
// signatures as DMARC wants it. `ring`: the keys that sign. `resolver` must outlive it.
Task<Findings> check_dmarc_sample(Subject subject, dkim::KeyRing ring, State spf, dns::Resolver& resolver);

// The Organizational Domain, found by the tree walk of RFC 9989 4.10. Nullopt: the DNS does not answer.
Task<std::optional<std::string>> organizational_domain(std::string domain, dns::Resolver& resolver);

}  // namespace mxpress::mta::doctor
