// Gets access tokens by refresh tokens.
#include "mta/oauth/refresh_source.h"

#include <utility>

#include "mta/system/log.h"

namespace mxpress::mta::oauth {

RefreshSource::RefreshSource(std::string name, CredentialsConfig config, const boost::filesystem::path& state_directory, TokenHost::Ask ask,
                             std::function<void()> stop)
    : name_(std::move(name)), config_(std::move(config)), file_(state_directory, name_), ask_(std::move(ask)), stop_(std::move(stop)) {}

Result<auth::FetchedSecret> RefreshSource::fetch(const std::stop_token& stop) {
  const std::stop_callback when_stopped(stop, [this] { stop_(); });
  const auto held = file_.hold();
  if (!held) return held.error();
  const auto token = refresh_token();
  if (!token) return token.error();
  auto client = load_client(config_);
  if (!client) return client.error();
  auto answer = TokenHost(std::move(*client), ask_).refresh(*token);
  if (!answer) return Error::transient("no access token: " + answer.error().message);
  if (!answer->tokens) return refused(answer->refusal);
  return take(std::move(*answer->tokens), *token);
}

std::string RefreshSource::queue_name() const {
  const OAuthEndpoints endpoints = endpoints_of(*config_.oauth);
  return endpoints.token ? endpoints.token->authority() : std::string();
}

// Once somebody else has changed the file, it takes precedence over the token that could not be written to it.
Result<auth::Secret> RefreshSource::refresh_token() {
  auto token = file_.read();
  const bool is_replaced = token && !unsaved_.empty() && *token == replaced_;
  if (!is_replaced) {
    unsaved_ = replaced_ = auth::Secret();
    has_unsaved_ = false;
    return token;
  }
  if (file_.write(unsaved_)) replaced_ = unsaved_;
  return unsaved_;
}

// Mail is sent even if the file cannot be written: the access token is valid, and the next fetch tries to write again.
Result<auth::FetchedSecret> RefreshSource::take(Tokens tokens, const auth::Secret& used) {
  if (!tokens.refresh.empty() && !(tokens.refresh == used)) {
    if (const Status written = file_.write(tokens.refresh); !written) {
      log(LogLine(Priority::alert, "oauth")
              .add("credentials", name_)
              .add("reason", "the provider has replaced the refresh token, and the new one is in memory only: " + written.error().message));
      if (unsaved_.empty()) replaced_ = used;
      unsaved_ = tokens.refresh;
      has_unsaved_ = true;
    } else {
      unsaved_ = replaced_ = auth::Secret();
      has_unsaved_ = false;
    }
  }
  return auth::FetchedSecret{std::move(tokens.access), tokens.lifetime};
}

// RFC 6749 5.2. Most of them need action by a person.
Error RefreshSource::refused(const Refusal& refusal) const {
  const std::string said = "the provider gives no access token (" + refusal.in_brief() + "): ";
  const std::string again = "run mxpress setup oauth --name " + name_;
  if (refusal.code == "invalid_client" || refusal.code == "unauthorized_client")
    return Error::permanent(said + "correct client_id or client_secret_file in [credentials." + name_ + "], then mxpress reload");
  if (refusal.code == "invalid_scope") return Error::permanent(said + "correct scope in [credentials." + name_ + "] oauth, then " + again);
  if (refusal.code == "temporarily_unavailable") return Error::transient(said + "it is asked again");
  return Error::permanent(said + again + ", because it takes the refresh token no more");
}

}  // namespace mxpress::mta::oauth
