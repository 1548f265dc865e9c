// Transfer encodings. RFC 2045 6.7, 6.8, RFC 2047.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mxpress::proto {

// In one line.
std::string base64(std::string_view octets);
// In lines of 76 with CRLF.
std::string base64_lines(std::string_view octets);
// CRLF in the text stay line ends, everything else is encoded where needed; lines of at most 76. Lines never begin with ".", "From " or
// "--" (a boundary).
std::string quoted_printable(std::string_view text);
bool is_utf8(std::string_view text);

// The same encodings for text that comes in pieces of any size, split anywhere. Each appends to the caller's buffer and holds less than one
// line. finish() ends one text; the object may then be used for the next.
class QuotedPrintableEncoder {
 public:
  void feed(std::string_view text, std::string& out);
  void finish(std::string& out);

 private:
  std::string waiting_;     // not encoded yet: what stands behind it decides
  std::size_t column_ = 0;  // of the output
};

class Base64LineEncoder {
 public:
  void feed(std::string_view octets, std::string& out);
  void finish(std::string& out);

 private:
  std::string waiting_;  // less than a line
};

// Breaks base64 into lines of 76; white space in the text vanishes.
class Base64Rewrapper {
 public:
  void feed(std::string_view text, std::string& out);
  void finish(std::string& out);

 private:
  std::size_t column_ = 0;
};

// Whether all that was fed is UTF-8.
class Utf8Check {
 public:
  void feed(std::string_view text);
  bool ok() const { return good_ && waiting_.empty(); }

 private:
  std::string waiting_;  // the beginning of a sequence
  bool good_ = true;
};

}  // namespace mxpress::proto
