// Creates the sources of logins from the configuration.
#include "mta/auth/login_sources.h"

#include "mta/auth/command_source.h"
#include "mta/auth/password.h"
#include "mta/config/config.h"

namespace mxpress::mta::auth {

std::unique_ptr<LoginSource> make_login_source(const Config& config, const std::string& name) {
  const CredentialsConfig& credentials = config.credentials.at(name);
  if (credentials.password_file) return file_source(credentials.password_file->string());
  if (credentials.certificate_file) return certificate_source(credentials.certificate_file->string());
  if (!credentials.password_command.empty()) return command_source(config.runner, name);
  return systemd_source(credentials.password_credential);
}

}  // namespace mxpress::mta::auth
