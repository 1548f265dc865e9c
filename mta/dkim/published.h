// Compares the DNS record of a key with the key, as verifiers do. RFC 6376 3.6.1, 6.1.2
#pragma once

#include <string>
#include <vector>

#include "mta/dkim/key.h"

namespace mxpress::mta::dkim {

struct RecordCheck {
  bool matches = false;  // mail that this key signs is verified
  // For people, one sentence without a full stop. If it matches: a possible objection of some receivers; empty: none.
  std::string why;
};

// `texts`: all TXT records of the key's name, the strings of each joined. Reads all forms that RFC 6376 allows, more than mxpress prints.
RecordCheck check_record(const std::vector<std::string>& texts, const PublicKey& key);

}  // namespace mxpress::mta::dkim
