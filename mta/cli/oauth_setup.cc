// Guides a person through the authorization at the provider.
#include "mta/cli/oauth_setup.h"

#include <unistd.h>

#include <ostream>
#include <thread>

#include "mta/cli/new_keys.h"
#include "mta/config/config.h"
#include "mta/config/name_service.h"
#include "mta/config/oauth_config.h"
#include "mta/config/providers.h"
#include "mta/http_client/client.h"
#include "mta/oauth/device_wait.h"
#include "mta/oauth/pkce.h"
#include "mta/oauth/redirect.h"
#include "mta/oauth/refresh_token_file.h"
#include "mta/system/privileges.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

using oauth::Tokens;

constexpr Duration kBrowserTime = std::chrono::minutes(15);

std::string clean(std::string_view text) { return proto::printable(text, 2000); }

// The lines to add to the configuration, for the provider of a route.
std::string example(const Config& config) {
  std::string provider(kMicrosoft);
  if (config.route)
    if (const auto* known = config::find_provider(config.route->provider); known && !known->oauth.empty()) provider = known->oauth;
  return "\n\n[route]\n...\nauth = \"account\"\n\n[credentials.account]\nuser = \"you@example.com\"\noauth = \"" + provider +
         "\"\nclient_id = \"...\"\n\nmxpress.toml(5) tells where client_id comes from.";
}

// Chooses the [credentials.NAME].
Result<std::string> choose(const CommandLine& line, const Config& config) {
  std::string names;
  std::size_t count = 0;
  for (const auto& [name, credentials] : config.credentials) {
    if (!credentials.oauth) continue;
    names += (names.empty() ? "" : ", ") + name;
    ++count;
    if (name == line.name) return name;
  }
  if (count == 0) return Error::permanent("no [credentials.NAME] of the configuration has oauth. Add such a one first:" + example(config));
  if (!line.name.empty()) return Error::permanent("there is no [credentials." + line.name + "] with oauth; there is " + names);
  return count == 1 ? Result<std::string>(names) : Error::permanent("say which one: --name, one of " + names);
}

// All files belong to the daemon's user, and nothing is done as root in a folder of that user's.
Status become_daemon_user(const Config& config) {
  if (system::is_root()) {
    const auto user = system::find_user(config.user);
    if (!user) return user.error();
    if (const Status made = system::prepare_state_directory_as_root(config, *user); !made) return made;
    if (const Status became = system::become_user(*user); !became) return became;
  }
  return system::forbid_core_files();
}

class OAuthSetup {
 public:
  OAuthSetup(const Config& config, const std::string& name, oauth::Client client, Streams streams)
      : config_(config),
        name_(name),
        credentials_(config.credentials.at(name)),
        endpoints_(client.endpoints),
        streams_(streams),
        http_(config::stub_config(config)),
        host_(std::move(client),
              [this](http_client::Request request, const http_client::Reach& reach) { return http_.send(std::move(request), reach); }) {}

  Status run(const oauth::RefreshTokenFile& file) {
    const auto tokens = endpoints_.device ? by_device_code() : by_browser();
    if (!tokens) return tokens.error();
    if (tokens->refresh.empty())
      return Error::permanent(
          "the provider has let this host in, but gave no refresh token: scope lacks what asks for one, such as offline_access");
    const auto held = file.hold();
    if (!held) return held.error();
    if (const Status written = file.write(tokens->refresh); !written) return written;
    streams_.out << "Done: mxpressd signs in as " << clean(credentials_.user) << ". The refresh token is in " << clean(file.path().string())
                 << ".\n";
    return reload();
  }

 private:
  Result<Tokens> by_device_code() {
    const auto grant = host_.begin_device();
    if (!grant) return grant.error();
    streams_.out << "Open " << grant->verification_uri << " in a browser, on any device, sign in as " << clean(credentials_.user)
                 << ",\nand enter the code " << grant->user_code << "\n"
                 << std::flush;
    return oauth::wait_for_person(host_, *grant, [](Duration pause) { std::this_thread::sleep_for(pause); });
  }

  Result<Tokens> by_browser() {
    auto listener = oauth::RedirectListener::open();
    if (!listener) return listener.error();
    const oauth::Authorization request{oauth::random_text(), oauth::random_text(), listener->uri(), credentials_.user};
    streams_.out << "Open this in a browser, and sign in as " << clean(credentials_.user) << ":\n\n"
                 << host_.authorization_url(request) << "\n\nThe browser comes back to " << listener->uri()
                 << ". Where it runs on another host, that page cannot be shown:\ncopy the page's address from the browser to here, and "
                    "press Enter.\n"
                 << std::flush;
    const auto code = listener->wait(request.state, STDIN_FILENO, kBrowserTime);
    if (!code) return code.error();
    auto answer = host_.redeem(*code, request);
    if (!answer) return answer.error();
    if (!answer->tokens) return Error::permanent("the provider refuses: " + answer->refusal.in_words());
    return std::move(*answer->tokens);
  }

  Status reload() {
    const auto reloaded = reload_daemon(config_);
    if (!reloaded) streams_.out << "No daemon runs; it reads the configuration when it starts.\n";
    if (reloaded && !*reloaded) return Error::permanent("mxpressd has not taken the configuration: " + reloaded->error().message);
    return {};
  }

  const Config& config_;
  const std::string name_;
  const CredentialsConfig& credentials_;
  const OAuthEndpoints endpoints_;
  Streams streams_;
  http_client::Client http_;
  const oauth::TokenHost host_;
};

Status set_up(const CommandLine& line, const Config& config, Streams streams) {
  const auto name = choose(line, config);
  if (!name) return name.error();
  if (const Status became = become_daemon_user(config); !became) return became;
  const oauth::RefreshTokenFile file(config.state_directory, *name);
  if (const auto held = file.hold(); !held) return held.error();  // before the person has to do anything
  auto client = oauth::load_client(config.credentials.at(*name));
  if (!client) return client.error();
  return OAuthSetup(config, *name, std::move(*client), streams).run(file);
}

}  // namespace

ExitCode run_oauth_setup(const CommandLine& line, const Config& config, Streams streams) {
  const Status done = set_up(line, config, streams);
  if (done) return ExitCode::ok;
  streams.error << "mxpress: " << done.error().message << "\n";
  return ExitCode::failed;
}

}  // namespace mxpress::mta::cli
