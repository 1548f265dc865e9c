// Providers whose hosts mxpress knows: etc/providers.toml.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mta/config/route_config.h"

namespace mxpress::mta::config {

struct Provider {
  std::string name;      // as in [route] provider
  RouteConfig route;     // host, port, implicit
  std::string user;      // that everybody signs in with there; empty: each has an own one
  std::string password;  // for people: where it comes from
  std::string oauth;     // as in [credentials.NAME] oauth: whose tokens it takes; empty: not known
  std::string spf;       // whose SPF record names the hosts that its mail leaves from; empty: not known
};

// In the order of the file, which is part of the program.
const std::vector<Provider>& providers();
// Null: there is none with this name.
const Provider* find_provider(std::string_view name);

}  // namespace mxpress::mta::config
