// Reads files with secrets: passwords, keys.
#pragma once

#include <string>
#include <string_view>

#include "proto/result.h"

namespace mxpress::mta::system {

// At most 64 KiB. `what`: for the Error, which has the action to take: "the password file". Refused: files that are not regular (FIFOs are
// not waited for), and files that everybody can use (mode 0640 or stricter is required). Reads the disk.
Result<std::string> read_private_file(const std::string& path, std::string_view what);

}  // namespace mxpress::mta::system
