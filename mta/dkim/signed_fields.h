// The header fields that a signature covers, and their canonical form. RFC 6376 3.4.2, 5.4.
#pragma once

#include <string>
#include <string_view>

#include "mta/dkim/sha256.h"
#include "proto/header.h"

namespace mxpress::mta::dkim {

// The limit of signed fields with one name; they are signed from the last one upwards. RFC 6376 5.4.2
inline constexpr std::size_t kMostOfOneName = 20;

// The maximum of SignedFields::names(): the known names, as often as they can be signed, and 20 of "list-...".
inline constexpr std::size_t kMostOctetsOfNames = 3'600;

// "subject:one line\r\n": the name in lower case, unfolded, repeated blanks as one, none around the colon or at the end. RFC 6376 3.4.2
std::string relaxed_field(const proto::HeaderField& field);

// From, To, Cc, Subject, Date, Message-ID, MIME-Version, Content-Type, Content-Transfer-Encoding and Reply-To, each named once more than it
// occurs, so that nobody can add one (RFC 6376 8.15); In-Reply-To, References, Feedback-ID and List-* as often as they occur. Never
// DKIM-Signature: no verifier accepts that. Linear time.
class SignedFields {
 public:
  // The fields of a header, with their CRLF.
  explicit SignedFields(std::string_view header);

  // The value of the tag h=: "from:from:to:...".
  const std::string& names() const { return names_; }
  // The hash of their canonical form; the signature's own field is to follow.
  const Sha256& hash() const { return hash_; }

 private:
  void name(std::string_view name);
  void sign(const proto::HeaderField& field);

  std::string names_;
  Sha256 hash_;
};

}  // namespace mxpress::mta::dkim
