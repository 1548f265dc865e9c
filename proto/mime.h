// Changes the transfer encoding of a message for transport: lines of at most 998 octets, or 7 bits only. RFC 2045, RFC 6152 3.
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
  // The rule for lines over 998 octets (RFC 5321 4.5.3.1.6): a leaf part with such a line is encoded as quoted-printable, or
  // as base64 if it declares the binary encoding; MIME-Version and Content-Transfer-Encoding are set where needed; header
  // lines are folded, or broken if they cannot be folded (proto/header_folding.h), and so is the text around the parts of a
  // multipart, which nobody reads. Parts without such lines keep every byte; base64 and quoted-printable with long lines are
  // only written in shorter lines. An unknown transfer encoding counts as 8bit, and so does one that is obviously wrong,
  // because no reader can decode it. A DKIM signature over changed text no longer verifies: delivery is worth more. A
  // permanent Error (5.6.0) if the change would break the message: a signed or encrypted part, a multipart without parts,
  // parts nested deeper than kMaxNesting, a header over kMaxEntityHeader (proto/mime_entity.h), more than kMaxChangedParts
  // parts.
  short_lines,
  // The same for 8-bit content and a server without 8BITMIME: leaf parts with 8-bit octets are encoded, and 8-bit text in header fields
  // (proto/seven_bit_header.h); around the parts of a multipart each 8-bit octet becomes a '?'. A permanent Error (5.6.3) if that would
  // break a signature or the structure.
  seven_bit,
};

inline constexpr std::size_t kMaxChangedParts = 65'536;

// The change of one entity.
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

// In the order of the entities. At most kMaxChangedParts, plus the entities around them.
using MimePlan = std::vector<MimeChange>;

// Conversion takes two passes over the message, in pieces of any size, and holds only a header and a line of it. The survey finds the
// necessary changes, or the reason why they are impossible; MimeRewriter makes them. Time is linear in the message, for any nesting.
class MimeSurvey {
 public:
  explicit MimeSurvey(MimeGoal goal);
  ~MimeSurvey();
  void feed(std::string_view content);
  // Call once, after the last piece.
  Result<MimePlan> finish();
  // True if finish() will return an Error.
  bool failed() const;
  // True if a header line so far had to be broken: FoldedHeader::is_broken.
  bool breaks_header() const;
  // Octets in memory.
  std::size_t held() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Writes the message according to its plan. Feed it the same content as the survey that made the plan.
class MimeRewriter {
 public:
  // The plan must outlive the rewriter.
  MimeRewriter(const MimePlan& plan, MimeGoal goal);
  ~MimeRewriter();
  // Appends the complete part of the output to `out`.
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
