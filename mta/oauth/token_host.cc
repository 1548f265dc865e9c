// Requests tokens.
#include "mta/oauth/token_host.h"

#include <algorithm>

#include "mta/auth/password.h"
#include "mta/config/route_config.h"
#include "mta/net/trust_anchors.h"
#include "mta/oauth/json.h"
#include "mta/oauth/pkce.h"
#include "proto/printable.h"

namespace mxpress::mta::oauth {
namespace {

constexpr double kUsualInterval = 5;          // seconds; RFC 8628 3.2
constexpr double kLongestInterval = 60;       // seconds
constexpr double kLongestDevice = 24 * 3600;  // seconds
constexpr double kUsualDevice = 900;          // seconds, if the provider gives none

Duration seconds(double count) { return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(count)); }

std::string shown(const auth::Secret& text) { return proto::printable(text.reveal(), 300); }

Result<DeviceGrant> device_grant_in(const JsonObject& object) {
  DeviceGrant grant{object.text("device_code"), shown(object.text("user_code")), shown(object.text("verification_uri")), {}, {}};
  if (grant.verification_uri.empty()) grant.verification_uri = shown(object.text("verification_url"));
  if (grant.device_code.empty() || grant.user_code.empty() || grant.verification_uri.empty())
    return Error::transient("the answer has no code for a device");
  grant.lifetime = seconds(std::clamp(object.number("expires_in").value_or(kUsualDevice), 1.0, kLongestDevice));
  grant.interval = seconds(std::clamp(object.number("interval").value_or(kUsualInterval), 1.0, kLongestInterval));
  return grant;
}

Error named(const proto::HttpsUrl& url, const Error& error) { return Error::transient(url.authority() + ": " + error.message); }

}  // namespace

Result<Client> load_client(const CredentialsConfig& config) {
  Client client{config.client_id, {}, endpoints_of(*config.oauth), {config.oauth->allow_addresses, nullptr}};
  if (config.client_secret_file) {
    auto secret = auth::read_secret(config.client_secret_file->string());
    if (!secret) return Error::permanent("client_secret_file: " + secret.error().message);
    client.secret = std::move(*secret);
  }
  if (config.oauth->ca_file) {
    auto anchors = net::TrustAnchors::load(*config.oauth->ca_file);
    if (!anchors) return Error::permanent("oauth ca_file: " + anchors.error().message);
    client.reach.anchors = std::move(*anchors);
  }
  return client;
}

// RFC 6749 2.3.1: the client's secret is sent in the form.
Result<http_client::Response> TokenHost::post(const proto::HttpsUrl& url, const std::vector<proto::FormField>& fields) const {
  http_client::Request request;
  request.url = url;
  std::vector<proto::FormField> all = fields;
  all.emplace_back("client_id", client_.id);
  if (!client_.secret.empty()) all.emplace_back("client_secret", client_.secret.reveal());
  request.content = auth::Secret(proto::form_of(all));
  return ask_(std::move(request), client_.reach);
}

Result<TokenAnswer> TokenHost::ask_for_token(std::vector<proto::FormField> fields, const auth::Secret& grant) const {
  const auto response = post(*client_.endpoints.token, fields);
  if (!response) return response.error();
  auto answer = read_token_answer(*response, {client_.secret, grant});
  return answer ? std::move(answer) : named(*client_.endpoints.token, answer.error());
}

Result<TokenAnswer> TokenHost::refresh(const auth::Secret& refresh_token) const {
  return ask_for_token({{"grant_type", "refresh_token"}, {"refresh_token", refresh_token.reveal()}, {"scope", client_.endpoints.scope}},
                       refresh_token);
}

Result<DeviceGrant> TokenHost::begin_device() const {
  const proto::HttpsUrl& url = *client_.endpoints.device;
  const auto response = post(url, {{"scope", client_.endpoints.scope}});
  if (!response) return response.error();
  const auto object = JsonObject::parse(response->content.reveal());
  if (!object) return named(url, Error::transient("status " + std::to_string(response->status) + ": " + object.error().message));
  if (!object->text("error").empty())
    return Error::permanent(url.authority() + " refuses: " + shown(object->text("error")) + " " + shown(object->text("error_description")));
  auto grant = device_grant_in(*object);
  return grant ? std::move(grant) : named(url, grant.error());
}

Result<TokenAnswer> TokenHost::poll_device(const auth::Secret& device_code) const {
  return ask_for_token({{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"}, {"device_code", device_code.reveal()}},
                       device_code);
}

// Google gives a refresh token for access_type=offline, and again only for prompt=consent; others ignore unknown parameters.
std::string TokenHost::authorization_url(const Authorization& request) const {
  const proto::HttpsUrl& url = *client_.endpoints.authorization;
  const std::string challenge = challenge_of(request.verifier);
  const std::string query = proto::form_of({{"response_type", "code"},
                                            {"client_id", client_.id},
                                            {"redirect_uri", request.redirect_uri},
                                            {"scope", client_.endpoints.scope},
                                            {"state", request.state},
                                            {"code_challenge", challenge},
                                            {"code_challenge_method", "S256"},
                                            {"login_hint", request.user},
                                            {"access_type", "offline"},
                                            {"prompt", "consent"}});
  return url.text() + (url.target.find('?') == std::string::npos ? "?" : "&") + query;
}

Result<TokenAnswer> TokenHost::redeem(const auth::Secret& code, const Authorization& request) const {
  return ask_for_token({{"grant_type", "authorization_code"},
                        {"code", code.reveal()},
                        {"redirect_uri", request.redirect_uri},
                        {"code_verifier", request.verifier}},
                       code);
}

}  // namespace mxpress::mta::oauth
