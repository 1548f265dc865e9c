// Cuts what a client sends into command lines; memory stays bounded whatever arrives.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "proto/command.h"

namespace mxpress::mta::smtp {

class LineReader {
 public:
  static constexpr std::size_t kMaxLine = proto::kMaxCommandLine;
  // A line that is still without end after this many octets is not a line: the session closes.
  static constexpr std::size_t kFlood = 64 * 1024;

  enum class Kind {
    none,      // no whole line yet
    line,      // without its CRLF
    bare,      // ended by a bare LF, or with a CR or NUL inside: refused (RFC 5321 2.3.8, 4.1.1)
    too_long,  // over kMaxLine; thrown away up to its end
    flood,     // over kFlood without an end
  };
  struct Line {
    Kind kind = Kind::none;
    std::string text;
  };

  void add(std::string_view bytes) { buffer_.append(bytes); }
  Line next();
  // Everything that was read and not taken as a line: content, after DATA.
  std::string_view rest() const { return std::string_view(buffer_).substr(taken_); }
  void take(std::size_t size);
  bool has_line() const { return buffer_.find('\n', taken_) != std::string::npos; }

 private:
  Line skip_long_line();
  std::string buffer_;
  std::size_t taken_ = 0;
  std::size_t skipped_ = 0;  // octets of a line that is too long, already thrown away
};

}  // namespace mxpress::mta::smtp
