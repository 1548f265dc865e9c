// Collects the rate limits of routes.
#include "mta/config/rate_rules.h"

#include "mta/config/config.h"

namespace mxpress::mta {
namespace {

// "[route.office]" becomes "route.office"; empty: a host named by [destination] or [sender], which has no limit.
std::string heading_of(const RouteConfig& route) {
  return route.source.starts_with("[route") ? route.source.substr(1, route.source.size() - 2) : std::string();
}

// For people: "office", "[route]".
std::string name_of(const RouteConfig& route) {
  constexpr std::string_view kPrefix = "route.";
  const std::string heading = heading_of(route);
  return heading.starts_with(kPrefix) ? heading.substr(kPrefix.size()) : route.source;
}

struct Group {
  RateRule rule;
  std::vector<std::string> names;
};

std::string routes_text(const std::vector<std::string>& names) {
  if (names.size() == 1) return names.front() == "[route]" ? names.front() : "route " + names.front();
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "routes " : ", ") + name;
  return text;
}

void add(std::map<std::string, Group>& groups, const RouteConfig& route) {
  Group& group = groups[rate_key(route)];
  group.names.push_back(name_of(route));
  if (group.rule.messages.empty()) group.rule.messages = route.rate;
  if (group.rule.recipients.empty()) group.rule.recipients = route.recipient_rate;
}

}  // namespace

std::string rate_key(const RouteConfig& route) {
  if (!route.credentials.empty()) return "credentials." + route.credentials;
  return heading_of(route);
}

RateRules rate_rules(const Config& config) {
  std::map<std::string, Group> groups;
  if (config.route) add(groups, *config.route);
  for (const auto& [name, route] : config.routes)
    if (!heading_of(route).empty()) add(groups, route);
  RateRules rules;
  for (auto& [key, group] : groups) {
    if (group.rule.messages.empty() && group.rule.recipients.empty()) continue;
    group.rule.routes = routes_text(group.names);
    rules.emplace(key, std::move(group.rule));
  }
  return rules;
}

}  // namespace mxpress::mta
