// What the routes of a configuration need of other files: passwords, and certificates of authorities.
#pragma once

#include <boost/filesystem/path.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mxpress::mta {
struct Config;
}
namespace mxpress::mta::auth {
struct Login;
}
namespace mxpress::mta::net {
class TrustAnchors;
}

namespace mxpress::mta::routing {

// As they were when it was made: at the start and at each reload. Any thread.
class RouteFiles {
 public:
  // Reads the disk. A file that cannot be used is told by failures(), and its route carries no mail.
  static std::shared_ptr<const RouteFiles> load(const Config& config);

  // Null: the configuration has no such credentials.
  std::shared_ptr<const auth::Login> login(const std::string& name) const;
  // Null: the file cannot be used.
  std::shared_ptr<const net::TrustAnchors> anchors(const boost::filesystem::path& file) const;
  // One sentence each, for the log and `mxpress status`.
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  std::map<std::string, std::shared_ptr<const auth::Login>> logins_;
  std::map<boost::filesystem::path, std::shared_ptr<const net::TrustAnchors>> anchors_;
  std::vector<std::string> failures_;
};

}  // namespace mxpress::mta::routing
