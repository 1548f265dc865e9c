// Creates the Unix sockets that the daemon listens on.
#pragma once

#include <boost/filesystem/path.hpp>

#include "mta/system/descriptor.h"
#include "proto/result.h"

namespace mxpress::mta::system {

// A listening socket at that path with mode 0666; creates its folder if that is missing. Replaces a socket that nobody listens on any more.
// Error (permanent): somebody listens there, something other than a socket is there, or the system's reason. Call it at the start, while
// nothing else creates files: the umask changes for a moment.
Result<Descriptor> listen_at(const boost::filesystem::path& path, int backlog);

}  // namespace mxpress::mta::system
