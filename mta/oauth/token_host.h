// Requests tokens from an OAuth provider by refresh (RFC 6749 6), device code (RFC 8628), or authorization code with PKCE (RFC 7636, 8252).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mta/config/oauth_config.h"
#include "mta/http_client/reach.h"
#include "mta/oauth/token_answer.h"
#include "proto/form.h"

namespace mxpress::mta {
struct CredentialsConfig;
}

namespace mxpress::mta::oauth {

// [credentials.NAME] with the contents of its files.
struct Client {
  std::string id;
  auth::Secret secret;  // empty: none
  OAuthEndpoints endpoints;
  http_client::Reach reach;
};
// `config` must be checked, and have `oauth`. Reads the disk.
Result<Client> load_client(const CredentialsConfig& config);

// RFC 8628 3.2
struct DeviceGrant {
  auth::Secret device_code;
  std::string user_code, verification_uri;  // for the person; printable
  Duration lifetime{};                      // of both codes
  Duration interval{};                      // minimum between two requests
};

// The request that sends a person to the provider. RFC 6749 4.1.1
struct Authorization {
  std::string state;
  std::string verifier;  // RFC 7636 4.1
  std::string redirect_uri;
  std::string user;  // who is expected to sign in
};

// Errors are transient: the network, or a malformed answer; they name the host. Thread: one at a time.
class TokenHost {
 public:
  using Ask = std::function<Result<http_client::Response>(http_client::Request request, const http_client::Reach& reach)>;

  TokenHost(Client client, Ask ask) : client_(std::move(client)), ask_(std::move(ask)) {}

  Result<TokenAnswer> refresh(const auth::Secret& refresh_token) const;
  // The provider must have a device endpoint. A refusal is an Error.
  Result<DeviceGrant> begin_device() const;
  Result<TokenAnswer> poll_device(const auth::Secret& device_code) const;
  // The provider must have an authorization endpoint.
  std::string authorization_url(const Authorization& request) const;
  Result<TokenAnswer> redeem(const auth::Secret& code, const Authorization& request) const;

 private:
  Result<http_client::Response> post(const proto::HttpsUrl& url, const std::vector<proto::FormField>& fields) const;
  Result<TokenAnswer> ask_for_token(std::vector<proto::FormField> fields, const auth::Secret& grant) const;

  const Client client_;
  const Ask ask_;
};

}  // namespace mxpress::mta::oauth
