// Verifies the signatures of a message that has arrived. RFC 6376 6.1, RFC 8301, RFC 8463.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mta/dkim/body_hash.h"
#include "mta/dkim/key.h"
#include "proto/time.h"

namespace mxpress::mta::dkim {

// Only the topmost signatures of a message are looked at.
inline constexpr std::size_t kMostSignatures = 5;

struct ReceivedSignature {
  std::string domain, selector;  // d= and s=: printable ASCII
  KeyKind kind = KeyKind::rsa;
  BodyForm body_form = BodyForm::simple;
  Digest header{}, body{};  // of the signed fields, and bh=
  std::string value;        // b=, decoded
  std::string problem;      // why it cannot be verified, one sentence without a full stop; empty: nothing is known against it
};

// Of the header of a message, with CRLF. `now` is compared with x=.
std::vector<ReceivedSignature> signatures_in(std::string_view header, WallTime now);

// The hashes of a body in its two forms.
struct BodyDigests {
  Digest simple{}, relaxed{};
  const Digest& of(BodyForm form) const { return form == BodyForm::simple ? simple : relaxed; }
};

// Computes them of a body that comes in pieces, with CRLF.
class BodyHashes {
 public:
  void feed(std::string_view text);
  // Call once, after the last piece.
  BodyDigests finish();

 private:
  BodyHash simple_{BodyForm::simple}, relaxed_{BodyForm::relaxed};
};

// `records`: the TXT records of the key's name. Empty: the signature is valid; else why not, one sentence without a full stop.
std::string why_invalid(const ReceivedSignature& signature, const BodyDigests& body, const std::vector<std::string>& records);

}  // namespace mxpress::mta::dkim
