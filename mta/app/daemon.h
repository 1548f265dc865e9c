// The daemon: puts the parts together, in the order in which each may begin, and takes them apart again.
#pragma once

#include <boost/filesystem/path.hpp>
#include <memory>
#include <optional>

#include "mta/config/config.h"
#include "mta/system/passed_sockets.h"
#include "proto/result.h"

namespace mxpress::mta {

// One daemon on one spool. Started by root it opens its listeners first and becomes an ordinary user before it reads any mail or DNS.
class Daemon {
 public:
  // `file` is read again at a reload; none: the default place. The error says what to do.
  static Result<std::unique_ptr<Daemon>> start(Config config, std::optional<boost::filesystem::path> file, system::PassedSockets passed);
  virtual ~Daemon() = default;
  // Serves until SIGTERM or SIGINT, or until the spool can keep nothing more. SIGHUP: reload. The exit code.
  virtual int run() = 0;
};

}  // namespace mxpress::mta
