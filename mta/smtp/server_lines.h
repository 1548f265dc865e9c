// Splits a client's octets into command lines, in bounded memory.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "proto/command.h"

namespace mxpress::mta::smtp {

class LineReader {
 public:
  static constexpr std::size_t kMaxLine = proto::kMaxCommandLine;
  // If a line has no end after this many octets, the session closes.
  static constexpr std::size_t kFlood = 64 * 1024;

  enum class Kind {
    none,      // no whole line yet
    line,      // without its CRLF
    bare,      // ended by a bare LF, or with a CR or NUL inside: refused (RFC 5321 2.3.8, 4.1.1)
    too_long,  // over kMaxLine; discarded up to its end
    flood,     // over kFlood without an end
  };
  struct Line {
    Kind kind = Kind::none;
    std::string_view text;  // valid until room() or add() is called
  };

  // The buffer for the next octets, never empty. Report their number by added().
  std::span<char> room();
  void added(std::size_t size);
  void add(std::string_view bytes);
  Line next();
  // All octets that were read and not taken as a line: content, after DATA.
  std::string_view rest() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void take(std::size_t size);

 private:
  void move_to(std::size_t capacity);
  Line skip_long_line();

  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0, end_ = 0;  // of the rest
  bool is_busy_ = false;             // the last octets filled the buffer, so more are probably waiting
  std::size_t skipped_ = 0;          // discarded octets of a line that is too long
};

}  // namespace mxpress::mta::smtp
