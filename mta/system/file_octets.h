// Reads and writes all octets of an open file.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mxpress::mta::system {

// Writes all of `octets`, with as many calls as needed. False: errno has the reason (0 octets written counts as an error).
bool write_all(int file, std::string_view octets);

// Up to `most` octets, from the file's position to its end. Nullopt: errno has the reason.
std::optional<std::string> read_at_most(int file, std::size_t most);

// Makes the names in `folder` durable. False: errno has the reason.
bool sync_folder(const char* folder);

}  // namespace mxpress::mta::system
