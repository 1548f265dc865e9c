// The files that a configuration names, read at the start and at each reload.
#pragma once

namespace mxpress::mta {
struct Config;
namespace auth {
class LoginKeeper;
}
namespace routing {
class AliasWatch;
}

// Reads aliases, files of routes, rules about replies, and texts of notices. If a file cannot be read, only mail that needs it waits, and
// the log says so.
void read_files(Config& config, auth::LoginKeeper& logins, routing::AliasWatch& aliases);
void log_warnings(const Config& config);

}  // namespace mxpress::mta
