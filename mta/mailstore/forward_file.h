// Reads the ~/.forward of a user.
#pragma once

#include <sys/types.h>

#include <string>

#include "proto/result.h"

namespace mxpress::mta::mailstore {

// At most one of both is set; none: there is no file, or an empty one.
struct ForwardFile {
  std::string text;     // up to kMaxForward octets, no NUL
  std::string refused;  // why the file must not be followed: path and reason, with the action to take
};

// As the current user of this process, who is `owner`. Accepts only a regular file of the user or of root that only its owner may write, in
// a home for which the same holds; no link, no file larger than kMaxForward. Never waits for a FIFO. Error (transient): its existence is
// unknown, or it cannot be read.
Result<ForwardFile> read_forward(const std::string& home, uid_t owner);

}  // namespace mxpress::mta::mailstore
