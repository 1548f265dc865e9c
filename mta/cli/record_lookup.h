// Asks the DNS for the records that mail of this host needs.
#pragma once

#include <memory>
#include <vector>

#include "mta/records/host_records.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// What mail of this host says of itself, by its configuration and its interfaces; the keys are left out.
records::HostMail host_mail(const Config& config, const proto::Domain& domain);

// Asks the name servers of each zone, else the configured ones.
class RecordLookup {
 public:
  explicit RecordLookup(const Config& config);
  ~RecordLookup();
  // Takes some minutes at most, where nobody answers.
  std::vector<records::HostRecord> records(const records::HostMail& mail);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace mxpress::mta::cli
