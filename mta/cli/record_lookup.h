// Looks up the DNS records that mail of this host needs.
#pragma once

#include <memory>
#include <vector>

#include "mta/records/host_records.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// The names and addresses used in mail of this host, by its configuration and its interfaces; without the keys.
records::HostMail host_mail(const Config& config, const proto::Domain& domain);

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
