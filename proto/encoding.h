// Transfer encodings. RFC 2045 6.7, 6.8, RFC 2047.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mxpress::proto {

// Base64 in one line.
std::string base64(std::string_view octets);
// Base64 in lines of 76 with CRLF.
std::string base64_lines(std::string_view octets);
// CRLF in the text stay line ends, everything else is encoded where needed; lines of at most 76. Lines never begin with ".", "From " or
// "--" (a boundary).
std::string quoted_printable(std::string_view text);
bool is_utf8(std::string_view text);
// Octets of the UTF-8 sequence at the start of the text, which is not empty; 0 if there is none. RFC 3629 4
std::size_t utf8_length(std::string_view text);
// What base64 in one line stands for, padded or not; nothing where it holds anything else.
std::optional<std::string> decoded_base64(std::string_view text);
// Decodes the text of an encoded-word with the encoding Q. RFC 2047 4.2
std::string decoded_q(std::string_view text);
// Encoded-words of at most 75 octets (more only if the name of the character set has over 40), with the encoding B and folds between them,
// which readers do not show. UTF-8 is not split inside a character. RFC 2047 2, 5
std::string encoded_words(std::string_view text, std::string_view charset = "utf-8");

// The same encodings for text that comes in pieces of any size, split anywhere. Each appends to the caller's buffer and holds less than one
// line. finish() ends one text; the object may then be used for the next.
class QuotedPrintableEncoder {
 public:
  void feed(std::string_view text, std::string& out);
  void finish(std::string& out);

 private:
  std::string waiting_;     // not encoded yet: the text behind it decides
  std::size_t column_ = 0;  // of the output
};

// The decoder. Octets that are not encoded are copied, as is a '=' that begins no escape. Holds less than one escape.
class QuotedPrintableDecoder {
 public:
  void feed(std::string_view text, std::string& out);
  void finish(std::string& out);
  // True if each '=' so far began an escape ("=C3") or a soft line break, and there was at least one.
  bool is_plausible() const { return escapes_ > 0 && !has_flaw_; }

 private:
  void end_escape(std::string& out);

  std::string waiting_;  // the beginning of an escape, or nothing
  std::size_t escapes_ = 0;
  bool has_flaw_ = false;
};

class Base64LineEncoder {
 public:
  void feed(std::string_view octets, std::string& out);
  void finish(std::string& out);

 private:
  std::string waiting_;  // less than a line
};

// Breaks base64 into lines of 76; removes white space.
class Base64Rewrapper {
 public:
  void feed(std::string_view text, std::string& out);
  void finish(std::string& out);

 private:
  std::size_t column_ = 0;
};

// Checks that all text so far is UTF-8.
class Utf8Check {
 public:
  void feed(std::string_view text);
  bool ok() const { return good_ && waiting_.empty(); }

 private:
  std::string waiting_;  // the beginning of a sequence
  bool good_ = true;
};

}  // namespace mxpress::proto
