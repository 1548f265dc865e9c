// One DKIM-Signature field. RFC 6376 3.5, 3.7.
#pragma once

#include <string>
#include <string_view>

#include "mta/dkim/body_hash.h"
#include "mta/dkim/key.h"
#include "mta/dkim/signed_fields.h"
#include "proto/domain.h"

namespace mxpress::mta::dkim {

// The tags of a signature, besides its value. There is no time (t=, x=: verifiers refuse a clock that is ahead of theirs), no length (l=),
// no i=, which would repeat d=, and no tag that a verifier need not know.
struct SignatureTags {
  KeyKind kind = KeyKind::rsa;
  std::string_view domain;    // d=: A-labels
  std::string_view selector;  // s=: A-labels
  std::string_view names;     // h=
  BodyDigest body;            // c=, bh=
};

// "DKIM-Signature: v=1; ...; b=" without value and line end: the signed part of the field itself. Lines of at most 77 octets, except one
// with a long domain or selector.
std::string field_without_value(const SignatureTags& tags);
// The whole field with CRLF: the value after b=, folded, at the end.
std::string field_with_value(std::string field, std::string_view signature);

// The digest that a key signs: of the fields, and of the signature's own field without value. RFC 6376 3.7
Digest digest_to_sign(const SignedFields& fields, std::string_view field_without_value);

}  // namespace mxpress::mta::dkim
