// Reads and writes the octets of an open file whole.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mxpress::mta::system {

// Writes all of `octets`, however many calls that takes. False: errno says why (0 octets written counts as an error).
bool write_all(int file, std::string_view octets);

// Up to `most` octets, from where the file stands to its end. None: errno says why.
std::optional<std::string> read_at_most(int file, std::size_t most);

// Makes the names in `folder` durable. False: errno says why.
bool sync_folder(const char* folder);

}  // namespace mxpress::mta::system
