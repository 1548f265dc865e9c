// The hash of a message's body in canonical form, computed while the body passes. RFC 6376 3.4.3, 3.4.4, 3.7.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "mta/dkim/sha256.h"

namespace mxpress::mta::dkim {

enum class BodyForm { simple, relaxed };

// "simple", "relaxed": the second part of the tag c= of a signature.
std::string_view name_of(BodyForm form);

struct BodyDigest {
  Digest octets{};
  BodyForm form = BodyForm::relaxed;
  // Only for the relaxed form: a body of blanks alone, or with a form feed or a vertical tab, for which verifiers compute different relaxed
  // forms (rspamd). Then hash its simple form instead. Never set for a body without octets, for which they differ in the simple form
  // (Exim).
  bool needs_simple = false;
};

// The body is the text after the empty line that ends the header, in pieces of any size. It is hashed as proto::DataEncoder writes it: only
// LF, with any CRs in front of it, ends a line, other CRs become a space, and the last line has an end. Linear time; constant memory.
class BodyHash {
 public:
  explicit BodyHash(BodyForm form) : form_(form) {}

  void feed(std::string_view text);
  // Call once, after the last piece.
  BodyDigest finish();

 private:
  void take_text(std::string_view text);
  void take_blank(char blank);
  void end_line();
  void write(std::string_view text);
  void flush();

  const BodyForm form_;
  Sha256 hash_;
  bool after_cr_ = false;
  bool at_line_start_ = true;    // no octet of the line was taken yet
  bool has_blank_ = false;       // relaxed: blanks taken and not written yet
  bool has_written_ = false;     // part of this line
  std::size_t empty_lines_ = 0;  // taken and not written yet
  bool is_empty_ = true;         // nothing was hashed
  bool has_any_blank_ = false;
  bool has_odd_space_ = false;  // form feed or vertical tab
  std::array<char, 4096> buffer_;
  std::size_t buffered_ = 0;
};

}  // namespace mxpress::mta::dkim
