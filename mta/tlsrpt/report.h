// A report about one domain and day: its JSON, and the mail that carries it. RFC 8460 4, 5.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mta/tlsrpt/ledger.h"
#include "queue/changes.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::tlsrpt {

// Who reports.
struct Reporter {
  proto::Mailbox address;  // the sender of the mail, and the contact
  std::string domain() const { return address.domain().text(); }
};
// [tls] reports_from, else postmaster of this host's domain.
Reporter reporter_of(const Config& config);

// The same for the same domain, day and reporter: a report that is sent twice counts once.
std::string report_id(const DomainDay& day, const Reporter& reporter);
// RFC 8460 4.4, as UTF-8.
std::string report_json(const DomainDay& day, const Reporter& reporter);
// RFC 1952.
std::string gzip(std::string_view octets);

// The message to one receiver, ready for the queue: RFC 8460 5.3. Nobody is notified of its delivery or failure. `boundary`: random.
queue::NewMessage report_mail(const DomainDay& day, const Reporter& reporter, const proto::Mailbox& to, const Config& config, WallTime now,
                              std::uint64_t boundary);

}  // namespace mxpress::mta::tlsrpt
