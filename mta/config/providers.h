// Known providers and their hosts: etc/providers.toml.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mta/config/route_config.h"

namespace mxpress::mta::config {

struct Provider {
  std::string name;      // as in [route] provider
  RouteConfig route;     // host, port, implicit
  std::string user;      // user name that everybody signs in with there; empty: each has his own
  std::string password;  // for people: where to get it
  std::string oauth;     // value for [credentials.NAME] oauth with this provider; empty: unknown
  std::string spf;       // domain whose SPF record lists the hosts that its mail leaves from; empty: unknown
};

// In the order of the file, which is part of the program.
const std::vector<Provider>& providers();
// Null: there is none with this name.
const Provider* find_provider(std::string_view name);

}  // namespace mxpress::mta::config
