// The queue without the daemon, for the mxpress command: read from the spool, never written to only look.
#pragma once

#include <memory>

#include "mta/host/control_backend.h"

namespace mxpress::mta::cli {

enum class Purpose {
  look,  // reads, and writes nothing at all
  act,   // has the spool to itself until the backend is destroyed; no daemon can start meanwhile
};

// Started by root it becomes the spool's owner first, for good, so that what it writes belongs to him. Error, transient: a daemon has the
// spool; permanent: no spool, or not ours to read.
Result<std::unique_ptr<host::ControlBackend>> open_spool_backend(Config config, Purpose purpose);

}  // namespace mxpress::mta::cli
