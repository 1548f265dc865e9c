// Looks up the DNS records that mail of this host needs.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "mta/records/host_records.h"

namespace mxpress::mta {
struct Config;
}
namespace mxpress::mta::routing {
struct SigningKeys;
}

namespace mxpress::mta::cli {

// The names and addresses used in mail of this host, by its configuration and its interfaces; without the keys.
records::HostMail host_mail(const Config& config, const proto::Domain& domain);

bool is_of_family(const dns::Address& address, dns::AddressFamily family);

// The keys of the domain, else of its nearest parent that signs; of these the wanted ones, by the name of the record.
std::vector<records::HostMail::SigningKey> keys_of(const routing::SigningKeys& keys, const proto::Domain& domain,
                                                   const std::function<bool(const std::string& record, bool is_next)>& is_wanted);

// Asks the name servers of each zone, else the configured ones.
class RecordLookup {
 public:
  explicit RecordLookup(const Config& config);
  ~RecordLookup();
  // Takes at most some minutes if no server answers.
  std::vector<records::HostRecord> records(const records::HostMail& mail);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace mxpress::mta::cli
