// A file that becomes a part of a message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mta/system/descriptor.h"
#include "proto/result.h"

namespace mxpress::mta::compose {

// An open regular file, read in order. Its size and time are those of the moment it was opened.
class Source {
 public:
  // Follows symbolic links. Error: there is no such file, it cannot be read, or it is no regular file with a known size.
  static Result<Source> open(const std::string& path);
  // A copy of what `descriptor` gives up to its end, in a file of open_nameless(). Error: more than `most` octets,
  // no room, or a failed read. `name` is for messages.
  static Result<Source> copy_of(int descriptor, std::string name, std::uint64_t most);

  // As given; for messages.
  const std::string& path() const { return path_; }
  int descriptor() const { return file_.get(); }
  std::uint64_t size() const { return size_; }
  // Error (transient): the file is no longer what was opened.
  Status check_unchanged() const;
  // Up to `most` octets from `offset` on; fewer at the end. Does not move the position of the descriptor.
  Result<std::string> read_at(std::uint64_t offset, std::size_t most) const;

 private:
  Source(std::string path, system::Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  void note_state();

  std::string path_;
  system::Descriptor file_;
  std::uint64_t size_ = 0;
  std::int64_t changed_ns_ = 0;
};

// A file without a name in $TMPDIR, else in /tmp, to write and to read.
Result<system::Descriptor> open_nameless();

}  // namespace mxpress::mta::compose
