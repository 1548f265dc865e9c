// The queue without the daemon, for the mxpress command: read from the spool, never written to only look.
#pragma once

#include <boost/filesystem/path.hpp>
#include <memory>

#include "proto/result.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::control {
class ControlBackend;
}

namespace mxpress::mta::cli {

enum class Purpose {
  look,  // reads, and writes nothing at all
  act,   // has the spool to itself until the backend is destroyed; no daemon can start meanwhile
};

// Root becomes the spool's owner, for good, so that what is written belongs to him. Error, permanent: there is no spool, or it is not ours.
Status become_spool_owner(const boost::filesystem::path& directory);

// Started by root it becomes the spool's owner first, for good, so that what it writes belongs to him. Error, transient: a daemon has the
// spool; permanent: no spool, or not ours to read.
Result<std::unique_ptr<control::ControlBackend>> open_spool_backend(Config config, Purpose purpose);

}  // namespace mxpress::mta::cli
