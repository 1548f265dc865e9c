// Messages that can be recognised in damaged data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queue/message_file.h"

namespace mxpress::queue {

struct Remains {
  Path file;
  QueueId id;
  std::optional<std::string> sender;    // absent: the envelope cannot be read; empty: the null reverse-path
  std::vector<std::string> recipients;  // all that the message was for, whether delivered or not
  std::uint64_t begin = 0;              // of the content in the file
  std::uint64_t size = 0;               // octets of content
  bool is_whole = false;                // the content matches its checksum
};

// The message that begins at this offset, if its header is whole.
std::optional<Remains> message_at(const Path& file, std::string_view bytes, std::uint64_t at);
// "message ID from <SENDER> to <RECIPIENT>, ...", cleaned.
std::string describe(const Remains& message);
// The messages whose beginning is readable.
Result<std::vector<Remains>> find_remains(Disk& disk, const Path& file);

}  // namespace mxpress::queue
