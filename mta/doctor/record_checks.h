// Findings about the DNS records of this host's mail: name, address, PTR, SPF, DKIM, DMARC. Pure.
#pragma once

#include "mta/doctor/finding.h"
#include "mta/doctor/subject.h"

namespace mxpress::mta::doctor {

// The name in EHLO, as far as that needs no DNS.
Findings check_name(const Subject& subject);

// `records`: the answer of records::check_host_records() for `subject.mail`. What mxpress setup calls different or absent is wrong here,
// unless this host does not see what other hosts see: behind a router whose address is unknown, or with a DNS of its own for the inside.
Findings check_records(const Subject& subject, const std::vector<records::HostRecord>& records);

}  // namespace mxpress::mta::doctor
