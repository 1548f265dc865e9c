// A blocking connection to the submission socket.
#pragma once

#include <string>
#include <string_view>

namespace mxpress::mta::cli {

// A connected descriptor with time-outs, or -1 with errno set.
int connect_submission(const std::string& path);
bool write_all(int descriptor, std::string_view bytes);

}  // namespace mxpress::mta::cli
