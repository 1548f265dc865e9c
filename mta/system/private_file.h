// Reads files with secrets: passwords, keys.
#pragma once

#include <string>
#include <string_view>

#include "proto/result.h"

namespace mxpress::mta::system {

// At most 64 KiB. `what`: for the Error, which says what to do: "the password file". Refused: what is no plain file (nothing waits for a
// FIFO), and what everybody can use (mode 0640 or less is wanted). Reads the disk.
Result<std::string> read_private_file(const std::string& path, std::string_view what);

}  // namespace mxpress::mta::system
