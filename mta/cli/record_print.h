// Prints the DNS records that mail needs, and those in the DNS.
#pragma once

#include <iosfwd>
#include <vector>

#include "mta/records/host_records.h"

namespace mxpress::mta::cli {

void print_record(std::ostream& out, const records::HostRecord& record);
// {"title","name","type","value","state","found":[...],"notes":[...]}
void print_record_json(std::ostream& out, const records::HostRecord& record);
// Prints the actions to take. `waits`: the command waits for them.
void print_summary(std::ostream& out, const std::vector<records::HostRecord>& records, bool waits);

}  // namespace mxpress::mta::cli
