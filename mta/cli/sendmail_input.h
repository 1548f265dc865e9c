// Reads the message on stdin in pieces: local text, converted to content with CRLF line ends.
#pragma once

#include <optional>
#include <string>

#include "proto/mail_data.h"
#include "proto/result.h"

namespace mxpress::mta::cli {

// ends: for people at a terminal. ends_at_end: for programs, which close their end; a lone dot in the last line is not part of the text,
// any other one is.
enum class LoneDot { is_text, ends, ends_at_end };

// Finds the line with a lone dot, if that ends the text.
class DotFinder {
 public:
  // Appends the text before the end; true if the lone dot was found. Do not call it again then.
  bool feed(std::string_view text, std::string& out);
  // The text ended without a lone dot: appends the held text.
  void finish(std::string& out) { out += held_; }

 private:
  bool take(char octet, std::string& out);
  bool at_line_start_ = true;
  std::string held_;  // "", "." or ".\r"
};

// Removes a line with a lone dot, and empty lines behind it, at the end of the text.
class LastDotFilter {
 public:
  void feed(std::string_view text, std::string& out);
  void finish(std::string& out);

 private:
  bool holds(char octet) const;
  bool at_line_start_ = true;
  std::string held_;  // the line, and the line ends after it
};

class Input {
 public:
  Input(int descriptor, LoneDot lone_dot) : descriptor_(descriptor), lone_dot_(lone_dot) {}

  // Appends the next piece of the content; false at the end. Error: it cannot be read, or not be sent (NUL).
  Result<bool> read(std::string& out);

 private:
  Status end(std::string& out);

  const int descriptor_;
  const LoneDot lone_dot_;
  bool ended_ = false;
  DotFinder dots_;
  LastDotFilter last_dot_;
  proto::LineEndNormaliser line_ends_;
};

}  // namespace mxpress::mta::cli
