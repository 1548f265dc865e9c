// Access tokens from the refresh token that `mxpress setup oauth` stored: [credentials.NAME] oauth.
#pragma once

#include <atomic>
#include <boost/filesystem/path.hpp>
#include <functional>
#include <memory>
#include <string>

#include "mta/auth/login_source.h"
#include "mta/config/route_config.h"
#include "mta/oauth/refresh_token_file.h"
#include "mta/oauth/token_host.h"

namespace mxpress::mta::oauth {

// If the provider replaces the refresh token, the new one is on the disk before its access token is used.
class RefreshSource final : public auth::LoginSource {
 public:
  // `stop` makes `ask` return soon, and may come from another thread.
  RefreshSource(std::string name, CredentialsConfig config, const boost::filesystem::path& state_directory, TokenHost::Ask ask,
                std::function<void()> stop);

  Result<auth::FetchedSecret> fetch(const std::stop_token& stop) override;
  bool must_stay() const override { return has_unsaved_; }
  // The name of the token host.
  std::string queue_name() const override;

 private:
  Result<auth::Secret> refresh_token();
  Result<auth::FetchedSecret> take(Tokens tokens, const auth::Secret& used);
  Error refused(const Refusal& refusal) const;

  const std::string name_;
  const CredentialsConfig config_;
  const RefreshTokenFile file_;
  const TokenHost::Ask ask_;
  const std::function<void()> stop_;
  // A token that could not be written to the file, and the one that the file still has.
  auth::Secret unsaved_, replaced_;
  std::atomic<bool> has_unsaved_ = false;
};

}  // namespace mxpress::mta::oauth
