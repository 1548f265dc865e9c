// The files of routes as far as the user of a command may read them: authorities, and passwords in files.
#pragma once

#include <memory>

namespace mxpress::mta {
struct Config;
}
namespace mxpress::mta::routing {
class RouteFiles;
}

namespace mxpress::mta::check {

// For Config::route_files. A login whose secret cannot be read says so in Login::failure. Secrets that a command prints, or that a provider
// gives for another secret (OAuth), are for mxpressd alone: asking for them would change what it has.
std::shared_ptr<const routing::RouteFiles> readable_route_files(const Config& config);

}  // namespace mxpress::mta::check
