// Creates the sources of logins from the configuration.
#include "mta/oauth/login_sources.h"

#include "mta/auth/login_sources.h"
#include "mta/config/config.h"
#include "mta/config/name_service.h"
#include "mta/http_client/client.h"
#include "mta/oauth/refresh_source.h"

namespace mxpress::mta::oauth {

std::unique_ptr<auth::LoginSource> make_login_source(const Config& config, const std::string& name) {
  const CredentialsConfig& credentials = config.credentials.at(name);
  if (!credentials.oauth) return auth::make_login_source(config, name);
  // Shared by the two functions.
  const auto client = std::make_shared<http_client::Client>(config::stub_config(config));
  return std::make_unique<RefreshSource>(
      name, credentials, config.state_directory,
      [client](http_client::Request request, const http_client::Reach& reach) { return client->send(std::move(request), reach); },
      [client] { client->stop(); });
}

}  // namespace mxpress::mta::oauth
