// Makes the unix sockets that the daemon listens on.
#pragma once

#include <boost/filesystem/path.hpp>

#include "mta/system/descriptor.h"
#include "proto/result.h"

namespace mxpress::mta::system {

// A listening socket at that path with mode 0666, and its folder where that is missing. A socket that nobody listens on any more gives
// way. Error (permanent): somebody listens there, something else than a socket is there, or the system's reason. At the start, while
// nothing else makes files: the umask changes for a moment.
Result<Descriptor> listen_at(const boost::filesystem::path& path, int backlog);

}  // namespace mxpress::mta::system
