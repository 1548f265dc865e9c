// Reads the ~/.forward of a user.
#pragma once

#include <sys/types.h>

#include <string>

#include "proto/result.h"

namespace mxpress::mta::mailstore {

// At most one of both; none: there is no file, or an empty one.
struct ForwardFile {
  std::string text;     // up to kMaxForward octets, no NUL
  std::string refused;  // why the file must not be followed: path and reason, with what to do
};

// As the user that this process is, who is `owner`. Followed is an ordinary file of the user or of root that only its owner may write, in a
// home that the same is true of; no link, nothing that is larger than kMaxForward. Never waits for a FIFO. Error (transient): nobody can
// tell whether there is one, or it cannot be read.
Result<ForwardFile> read_forward(const std::string& home, uid_t owner);

}  // namespace mxpress::mta::mailstore
