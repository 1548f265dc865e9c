// Reads the secrets that are in files.
#include "mta/check/own_logins.h"

#include <stop_token>
#include <string>

#include "mta/auth/current_login.h"
#include "mta/auth/login_sources.h"
#include "mta/auth/login_state.h"
#include "mta/config/config.h"
#include "mta/routing/route_files.h"
#include "mta/system/instant.h"

namespace mxpress::mta::check {
namespace {

Result<auth::FetchedSecret> fetch(const Config& config, const std::string& name, const CredentialsConfig& credentials) {
  if (credentials.oauth) return Error::permanent("its access token is for mxpressd alone");
  if (!credentials.password_command.empty()) return Error::permanent("its password comes from a command, which runs for mxpressd alone");
  return auth::make_login_source(config, name)->fetch(std::stop_token());
}

}  // namespace

std::shared_ptr<const routing::RouteFiles> readable_route_files(const Config& config) {
  routing::RouteFiles::Logins logins;
  for (const auto& [name, credentials] : config.credentials) {
    auth::LoginState state(name, credentials, auth::LoginState::Asked::at_reloads);
    const auto now = system::instant_now();
    state.begin_fetch(now);
    state.end_fetch(fetch(config, name, credentials), now);
    logins.emplace(name, std::make_shared<const auth::CurrentLogin>(name, state.login()));
  }
  return routing::RouteFiles::load(config, std::move(logins));
}

}  // namespace mxpress::mta::check
