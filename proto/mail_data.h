// Message content in transit: undoes and does dot stuffing, normalises line ends. RFC 5321 2.3.8, 4.1.1.4, 4.5.2.
//
// Stored content has CRLF line ends only, no NUL, and ends in CRLF (or is empty). DataDecoder and LineEndNormaliser produce only such
// content, or report a flaw; DataEncoder cannot send anything else. So no message can be smuggled in either direction. All classes take
// pieces of any size and append to the caller's buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/command.h"

namespace mxpress::proto {

// The maximum size of a message that sendmail leaves for the daemon, in octets, with its envelope and as encoded for DATA.
inline constexpr std::uint64_t kMaxDropFile = 1u << 30;

inline constexpr std::size_t kMaxLineLength = 998;  // octets without CRLF. RFC 5322 2.1.1

// Facts about content, found without parsing it.
struct ContentFacts {
  std::uint64_t octets = 0;        // with CRLF, without dot stuffing: the value for SIZE (RFC 1870 5)
  std::uint64_t lines = 0;         // line ends
  std::uint64_t longest_line = 0;  // octets, without CRLF
  bool eight_bit = false;

  BodyType body() const { return eight_bit ? BodyType::eight_bit : BodyType::seven_bit; }
  // Such content must pass reencode_for_transport() (proto/mime.h) before it is sent. RFC 5321 4.5.3.1.6
  bool needs_reencoding() const { return longest_line > kMaxLineLength; }
};

// Collects the facts of content with CRLF line ends.
class ContentInspector {
 public:
  void feed(std::string_view content);
  const ContentFacts& facts() const { return facts_; }

 private:
  ContentFacts facts_;
  std::uint64_t line_ = 0;
  bool after_cr_ = false;
};

ContentFacts inspect(std::string_view content);

// The reason to refuse content.
enum class Flaw { none, bare_line_end, nul };

// The reply for a flaw: 550 5.5.2 or 550 5.6.0. Nullopt for Flaw::none.
std::optional<CommandError> refusal(Flaw flaw);

// The server's side, after 354: finds the end of the data, which is only CRLF.CRLF, and undoes dot stuffing. A CR or LF that is not part of
// a CRLF, or a NUL, is a flaw: the first one is remembered, and reading continues to the true end.
class DataDecoder {
 public:
  // Appends content to `out` and returns the number of octets taken: all, or up to the end of the data; octets behind it are left alone.
  // After a flaw nothing more is appended.
  std::size_t feed(std::string_view bytes, std::string& out);
  // The lines at the beginning of `bytes` that are content without change, usually all except the end of the data. They count as taken and
  // need not be copied. Empty if the next octets must go through feed().
  std::string_view take_plain(std::string_view bytes);
  bool complete() const { return state_ == State::complete; }
  Flaw flaw() const { return flaw_; }
  // The number of octets read so far, also behind a flaw; without dot stuffing.
  std::uint64_t octets() const { return octets_; }

 private:
  enum class State { line_start, dot, dot_cr, text, cr, complete };
  std::size_t take_text(std::string_view bytes, std::string& out);
  void take_control(char octet, std::string& out);
  void append(std::string_view content, std::string& out);
  void note(Flaw flaw);

  State state_ = State::line_start;
  Flaw flaw_ = Flaw::none;
  std::uint64_t octets_ = 0;
};

// For text of local programs on sendmail's input. Only LF, with any CRs in front of it, ends a line, and becomes CRLF. CRs at the start of
// a line are removed, CRs inside a line become a space, so that a program that filters only LF from foreign text cannot be made to send
// extra lines. A last line without an end gets one. A NUL is a flaw.
class LineEndNormaliser {
 public:
  void feed(std::string_view text, std::string& out);
  // Call once, after the last piece.
  void finish(std::string& out);
  Flaw flaw() const { return flaw_; }
  const ContentFacts& facts() const { return inspector_.facts(); }

 private:
  void append(std::string_view content, std::string& out);

  bool after_cr_ = false;
  bool at_line_start_ = true;
  Flaw flaw_ = Flaw::none;
  ContentInspector inspector_;
};

// The client's side, after 354: dot stuffing. Line ends that are not CRLF become CRLF, by the rule of LineEndNormaliser.
class DataEncoder {
 public:
  void feed(std::string_view content, std::string& out);
  // Ends the last line if it is open, and writes "." CRLF. The encoder may then be used for the next message.
  void finish(std::string& out);

 private:
  bool after_cr_ = false;
  bool at_line_start_ = true;
};

}  // namespace mxpress::proto
