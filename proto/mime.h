// Changing the transfer encoding of a message so that it may travel: lines of at most 998 octets, or 7 bits only. RFC 2045, RFC 6152 3.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/mime_header.h"
#include "proto/result.h"

namespace mxpress::proto {

enum class MimeGoal {
  // The rule for lines over 998 octets (RFC 5321 4.5.3.1.6): a leaf part with such a line is encoded as quoted-printable, or as base64
  // where it declares the binary encoding; MIME-Version and Content-Transfer-Encoding are set where needed; header lines are folded, or
  // broken where they cannot be (proto/header_folding.h), and so is the text around the parts of a multipart, which nobody reads. Parts
  // without such lines keep every byte; base64 and quoted-printable with long lines are only written in shorter ones. A transfer encoding
  // that is no known word counts as 8bit, and so does one that is obviously false: text is not what nobody can decode. A DKIM signature
  // that
  // covers what is changed no longer verifies: delivery is worth more. A permanent Error (5.6.0) where that cannot be done without breaking
  // the message: a signed or encrypted part, a multipart without parts, parts nested deeper than kMaxNesting, a header over
  // kMaxEntityHeader (proto/mime_entity.h), more than kMaxChangedParts parts.
  short_lines,
  // The same for 8-bit content and a server without 8BITMIME: leaf parts with 8-bit octets are encoded, and 8-bit text in header fields
  // (proto/seven_bit_header.h); around the parts of a multipart each 8-bit octet becomes a '?'. A permanent Error (5.6.3) where it would
  // break a signature or the structure.
  seven_bit,
};

inline constexpr std::size_t kMaxChangedParts = 65'536;

// How one entity changes.
struct MimeChange {
  enum class Kind : std::uint8_t {
    none,
    quoted_printable,
    quoted_printable_us_ascii,  // and a Content-Type that says so
    quoted_printable_utf8,
    quoted_printable_unknown,
    base64,
    base64_us_ascii,
    base64_utf8,
    base64_unknown,
    rewrapped_base64,
    rewrapped_quoted_printable,
    composite_seven_bit,  // a multipart or message that no longer says 8bit
  };
  std::uint32_t entity = 0;  // Entity::number
  Kind kind = Kind::none;
};

// In the order of the entities. At most kMaxChangedParts and those that are around them.
using MimePlan = std::vector<MimeChange>;

// Conversion takes two passes over the message, each in pieces of any size, and holds nothing of it but a header and a line: this one finds
// out what has to change, or why that is impossible; MimeRewriter changes it. Time is linear in the message, whatever its nesting.
class MimeSurvey {
 public:
  explicit MimeSurvey(MimeGoal goal);
  ~MimeSurvey();
  void feed(std::string_view content);
  // Once, behind the last piece.
  Result<MimePlan> finish();
  // Whether finish() can only give an Error.
  bool failed() const;
  // A header line so far could only be broken: FoldedHeader::is_broken.
  bool breaks_header() const;
  // Octets in memory.
  std::size_t held() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Writes the message as its plan says. It has to be fed the same content as the survey that made the plan.
class MimeRewriter {
 public:
  // The plan outlives the rewriter.
  MimeRewriter(const MimePlan& plan, MimeGoal goal);
  ~MimeRewriter();
  // Appends to `out` what is complete.
  void feed(std::string_view content, std::string& out);
  void finish(std::string& out);
  std::size_t held() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// For content in memory.
Result<std::string> reencode_for_transport(std::string_view content);  // MimeGoal::short_lines
Result<std::string> downgrade_to_seven_bit(std::string_view content);  // MimeGoal::seven_bit

}  // namespace mxpress::proto
