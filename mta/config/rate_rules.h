// The rate limits of a configuration, by the unit that they are counted for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mta/config/route_config.h"

namespace mxpress::mta {

struct Config;
struct RouteConfig;

// Counted together: a route, or all routes that sign in with the same credentials, because a provider counts by account.
struct RateRule {
  std::string routes;            // for people: "route office", "[route]", "routes office, home"
  std::vector<Rate> messages;    // all apply; each transaction counts as one
  std::vector<Rate> recipients;  // the same for recipients
  bool operator==(const RateRule&) const = default;
};
// By rate_key().
using RateRules = std::map<std::string, RateRule>;

// "credentials.gmail", "route.office", "route": without spaces. Empty: it never has a limit.
std::string rate_key(const RouteConfig& route);
// For all routes of a configuration whose routes are consistent.
RateRules rate_rules(const Config& config);

}  // namespace mxpress::mta
