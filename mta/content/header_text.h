// The header of content that is read as it is needed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mta/content/data_source.h"
#include "proto/header.h"

namespace mxpress::mta::content {

// A header as a whole: in the memory of its source, or read.
class HeaderText {
 public:
  // Longer ones are not read: intake makes none.
  static constexpr std::size_t kMost = proto::kMaxHeader + proto::kMaxHeader / 4;

  // Reads from offset 0: one block, and what follows in as few calls as possible. Holds at most kMost and a block. An Error is transient.
  static Task<Result<HeaderText>> read(DataSource& source);

  // The fields, with their CRLF. Valid as long as this and the source.
  std::string_view fields() const { return whole().substr(0, end_); }
  // Whether an empty line ends the fields; where it does not, it is missing (proto::HeaderScanner).
  bool has_empty_line() const { return has_empty_line_; }
  // Where the body begins in the content, behind the empty line or where it is missing.
  std::uint64_t body_begin() const { return end_ + (has_empty_line_ ? 2 : 0); }

 private:
  std::string_view whole() const { return in_memory_ ? *in_memory_ : std::string_view(read_); }

  std::string read_;
  std::optional<std::string_view> in_memory_;
  std::size_t end_ = 0;
  bool has_empty_line_ = false;
};

}  // namespace mxpress::mta::content
