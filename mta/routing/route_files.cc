// Reads the files that routes need.
#include "mta/routing/route_files.h"

#include "mta/config/config.h"
#include "mta/net/trust_anchors.h"

namespace mxpress::mta::routing {

std::shared_ptr<const RouteFiles> RouteFiles::load(const Config& config, Logins logins) {
  auto files = std::make_shared<RouteFiles>();
  files->logins_ = std::move(logins);
  const auto add_anchors = [&](const RouteConfig& route) {
    if (!route.ca_file || files->anchors_.contains(*route.ca_file)) return;
    auto anchors = net::TrustAnchors::load(*route.ca_file);
    if (!anchors) files->failures_.push_back(route.source + " ca_file: " + anchors.error().message);
    files->anchors_.emplace(*route.ca_file, anchors ? *anchors : nullptr);
  };
  if (config.route) add_anchors(*config.route);
  for (const auto& [name, route] : config.routes) add_anchors(route);
  return files;
}

std::shared_ptr<const auth::CurrentLogin> RouteFiles::login(const std::string& name) const {
  const auto found = logins_.find(name);
  return found == logins_.end() ? nullptr : found->second;
}

std::shared_ptr<const net::TrustAnchors> RouteFiles::anchors(const boost::filesystem::path& file) const {
  const auto found = anchors_.find(file);
  return found == anchors_.end() ? nullptr : found->second;
}

}  // namespace mxpress::mta::routing
