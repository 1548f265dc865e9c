// The header of content that is read on demand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mta/content/data_source.h"
#include "proto/header.h"

namespace mxpress::mta::content {

// A complete header: in the memory of its source, or read.
class HeaderText {
 public:
  // Longer headers are not read: intake accepts none.
  static constexpr std::size_t kMost = proto::kMaxHeader + proto::kMaxHeader / 4;

  // Reads from offset 0: one block, then the rest in as few calls as possible. Holds at most kMost and a block. An Error is transient.
  static Task<Result<HeaderText>> read(DataSource& source);

  // The fields, with their CRLF. Valid as long as this and the source.
  std::string_view fields() const { return whole().substr(0, end_); }
  // True if an empty line ends the fields; false if it is missing (proto::HeaderScanner).
  bool has_empty_line() const { return has_empty_line_; }
  // The offset of the body in the content, after the empty line if there is one.
  std::uint64_t body_begin() const { return end_ + (has_empty_line_ ? 2 : 0); }

 private:
  std::string_view whole() const { return in_memory_ ? *in_memory_ : std::string_view(read_); }

  std::string read_;
  std::optional<std::string_view> in_memory_;
  std::size_t end_ = 0;
  bool has_empty_line_ = false;
};

}  // namespace mxpress::mta::content
