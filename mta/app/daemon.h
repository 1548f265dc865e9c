// The daemon: starts its parts in the order of their dependencies, and stops them.
#pragma once

#include <boost/filesystem/path.hpp>
#include <memory>
#include <optional>

#include "mta/config/config.h"
#include "mta/system/passed_sockets.h"
#include "proto/result.h"

namespace mxpress::mta {

// A daemon on one spool. Started by root it opens its listeners first and becomes an ordinary user before it reads any mail or DNS.
class Daemon {
 public:
  // `file` is read again at a reload; nullopt: the default file. The error has the action to take.
  static Result<std::unique_ptr<Daemon>> start(Config config, std::optional<boost::filesystem::path> file, system::PassedSockets passed);
  virtual ~Daemon() = default;
  // Serves until SIGTERM or SIGINT, or until the spool cannot write any more. SIGHUP: reload. Returns the exit code.
  virtual int run() = 0;
};

}  // namespace mxpress::mta
