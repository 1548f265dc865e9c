// The queue without the daemon, for the mxpress command: reads the spool, and writes to it only for actions.
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
  look,  // reads only
  act,   // owns the spool until the backend is destroyed; no daemon can start meanwhile
};

// Root becomes the spool's owner, permanently, so that new files belong to him. Error, permanent: there is no spool, or it is not ours.
Status become_spool_owner(const boost::filesystem::path& directory);

// Started by root it first becomes the spool's owner, permanently, so that new files belong to him. Error, transient: a daemon has the
// spool; permanent: no spool, or no right to read it.
Result<std::unique_ptr<control::ControlBackend>> open_spool_backend(Config config, Purpose purpose);

}  // namespace mxpress::mta::cli
