// Checks that the path of a file is as trustworthy as its owner.
#pragma once

#include <sys/types.h>

#include <string>

namespace mxpress::mta::routing {

// Empty if only root and `owner` can make this absolute path lead to another file. Otherwise a sentence that says who could: each folder
// and each symbolic link on the way must belong to one of the two, and nobody else may write to the folders; one with the sticky bit may be
// writable by all. Blocks. Also works for a path that leads nowhere.
std::string why_path_untrusted(const std::string& path, uid_t owner);

}  // namespace mxpress::mta::routing
