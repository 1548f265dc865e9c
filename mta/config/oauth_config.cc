// Settings of known OAuth providers.
#include "mta/config/oauth_config.h"

namespace mxpress::mta {
namespace {

proto::HttpsUrl url(const std::string& text) { return proto::HttpsUrl::parse(text).value(); }

// learn.microsoft.com: v2-oauth2-device-code, and the scope for SMTP AUTH of "Authenticate an IMAP, POP or SMTP connection using OAuth".
OAuthEndpoints microsoft(const std::string& tenant) {
  const std::string base = "https://login.microsoftonline.com/" + (tenant.empty() ? "common" : tenant) + "/oauth2/v2.0/";
  return {url(base + "token"), url(base + "devicecode"), url(base + "authorize"), "https://outlook.office.com/SMTP.Send offline_access"};
}

// developers.google.com: OAuth 2.0 for mobile and desktop apps. Google's device flow does not allow the scope for mail.
OAuthEndpoints google() {
  return {url("https://oauth2.googleapis.com/token"), std::nullopt, url("https://accounts.google.com/o/oauth2/v2/auth"),
          "https://mail.google.com/"};
}

OAuthEndpoints usual(const OAuthConfig& config) {
  if (config.provider == kMicrosoft) return microsoft(config.tenant);
  return config.provider == kGoogle ? google() : OAuthEndpoints{};
}

}  // namespace

bool is_oauth_provider(std::string_view name) { return name == kMicrosoft || name == kGoogle; }

OAuthEndpoints endpoints_of(const OAuthConfig& config) {
  OAuthEndpoints all = usual(config);
  if (config.token_url) all.token = config.token_url;
  if (config.device_url) all.device = config.device_url;
  if (config.authorization_url) all.authorization = config.authorization_url;
  if (!config.scope.empty()) all.scope = config.scope;
  return all;
}

}  // namespace mxpress::mta
