// Verifies DKIM signatures, by code that shares nothing with mxpress but the check of a signature: slow and plain.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mta/dkim/key.h"

namespace mxpress::testing {

// RFC 6376 3.4.3, 3.4.4: of a body with CRLF line ends, the last line with or without one.
std::string simple_body(std::string_view body);
std::string relaxed_body(std::string_view body);

struct SeenSignature {
  std::map<std::string, std::string> tags;  // without white space
  std::vector<std::string> order;           // of the tags
  std::string field;                        // as written, with CRLF
  bool is_good = false;
};

// All DKIM-Signature fields of a message, from the top. `keys`: by "selector._domainkey.domain".
std::vector<SeenSignature> verify_all(const std::string& message, const std::map<std::string, mta::dkim::PublicKey>& keys);

}  // namespace mxpress::testing
