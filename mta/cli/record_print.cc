// Prints records for people and for programs.
#include "mta/cli/record_print.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <ostream>

#include "mta/cli/json.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

using records::HostRecord;
using records::RecordState;

std::string clean(std::string_view text) { return proto::printable(text, 4000); }

std::string_view words_of(RecordState state) {
  switch (state) {
    case RecordState::right:
      return "right";
    case RecordState::different:
      return "DIFFERENT: publish this in the place of what is there";
    case RecordState::absent:
      return "ABSENT: publish this";
    case RecordState::unknown:
      return "NOT KNOWN";
    case RecordState::elsewhere:
      return "ask your provider";
  }
  return "";
}

boost::json::array array_of(const std::vector<std::string>& texts) {
  boost::json::array values;
  for (const std::string& text : texts) values.push_back(boost::json::string(clean(text)));
  return values;
}

}  // namespace

void print_record(std::ostream& out, const HostRecord& record) {
  out << "\n" << clean(record.title) << ": " << words_of(record.state) << "\n";
  if (!record.value.empty()) out << "  " << clean(record.name) << ". IN " << record.type << " " << clean(record.value) << "\n";
  if (record.state != RecordState::right)
    for (const std::string& found : record.found) out << "  the DNS has: " << clean(found) << "\n";
  for (const std::string& note : record.notes) out << "  " << clean(note) << "\n";
}

void print_record_json(std::ostream& out, const HostRecord& record) {
  print_json(out, {{"title", clean(record.title)},
                   {"name", clean(record.name)},
                   {"type", record.type},
                   {"value", clean(record.value)},
                   {"state", std::string(to_string(record.state))},
                   {"found", array_of(record.found)},
                   {"notes", array_of(record.notes)}});
}

void print_summary(std::ostream& out, const std::vector<HostRecord>& records, bool waits) {
  const auto open = std::count_if(records.begin(), records.end(), [](const HostRecord& record) {
    return record.state != RecordState::right && record.state != RecordState::elsewhere;
  });
  if (open == 0) {
    out << "\nAll records are right.\n";
    return;
  }
  out << "\n"
      << open << " of " << records.size() << " records are not seen as they should be. mxpressd looks for those of the keys itself, "
      << "and begins to sign when they are there (mxpress status)"
      << (waits ? ".\nWaiting for all of them.\n" : "; mxpress setup --wait waits for all of them.\n") << std::flush;
}

}  // namespace mxpress::mta::cli
