// Files of a few octets that are read and replaced as a whole: format, number of the start, age.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "queue/disk.h"

namespace mxpress::queue {

// Nothing if it does not exist; an error if it is longer than 4096 octets or cannot be read.
Result<std::optional<std::string>> read_small_file(Disk& disk, const Path& path);

// After a failure or loss of power the file is either the whole new one or the old one. Durable when it returns.
Status replace_small_file(Disk& disk, const Path& path, std::string_view text);

// "TEXT 1a2b3c4d\n": a line with its CRC32C, for numbers that must not be misread.
std::string with_checksum(const std::string& line);
// The text before the checksum, if that is right.
std::optional<std::string> without_checksum(std::string_view file);

}  // namespace mxpress::queue
