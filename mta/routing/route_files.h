// The files for the routes of a configuration: logins, and certificates of authorities.
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
class CurrentLogin;
}
namespace mxpress::mta::net {
class TrustAnchors;
}

namespace mxpress::mta::routing {

// Files as they were when it was made: at the start and at each reload; logins are always current. Any thread.
class RouteFiles {
 public:
  using Logins = std::map<std::string, std::shared_ptr<const auth::CurrentLogin>>;  // by NAME

  // Reads the disk. An unusable file is reported by failures(), and its route carries no mail.
  static std::shared_ptr<const RouteFiles> load(const Config& config, Logins logins);

  // Null: the configuration has no such credentials.
  std::shared_ptr<const auth::CurrentLogin> login(const std::string& name) const;
  // Null: the file cannot be used.
  std::shared_ptr<const net::TrustAnchors> anchors(const boost::filesystem::path& file) const;
  // One sentence each, for the log and `mxpress status`.
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  Logins logins_;
  std::map<boost::filesystem::path, std::shared_ptr<const net::TrustAnchors>> anchors_;
  std::vector<std::string> failures_;
};

}  // namespace mxpress::mta::routing
