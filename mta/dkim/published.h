// Compares the DNS record of a key with the key, as verifiers do. RFC 6376 3.6.1, 6.1.2
#pragma once

#include <string>
#include <vector>

#include "mta/dkim/key.h"
#include "proto/result.h"

namespace mxpress::mta::dkim {

struct PublishedKey {
  std::string octets;  // of PublicKey, not decoded
  bool is_testing = false;
};
// `texts`: all TXT records of the key's name, the strings of each joined. Reads all forms that RFC 6376 allows, more than mxpress prints.
// Error: there is no key that a signature of this kind can be verified by; one sentence without a full stop.
Result<PublishedKey> published_key(const std::vector<std::string>& texts, KeyKind kind);

struct RecordCheck {
  bool matches = false;  // mail that this key signs is verified
  // For people, one sentence without a full stop. If it matches: a possible objection of some receivers; empty: none.
  std::string why;
};

RecordCheck check_record(const std::vector<std::string>& texts, const PublicKey& key);

}  // namespace mxpress::mta::dkim
