// Settings of known OAuth providers, for OAuthConfig. RFC 6749, RFC 8628.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mta/config/route_config.h"
#include "proto/https_url.h"

namespace mxpress::mta {

inline constexpr std::string_view kMicrosoft = "microsoft", kGoogle = "google";
bool is_oauth_provider(std::string_view name);

// The effective values: from the configuration, else the provider's.
struct OAuthEndpoints {
  std::optional<proto::HttpsUrl> token;          // always set in a checked configuration
  std::optional<proto::HttpsUrl> device;         // RFC 8628 3.1
  std::optional<proto::HttpsUrl> authorization;  // RFC 6749 3.1
  std::string scope;
};
OAuthEndpoints endpoints_of(const OAuthConfig& config);

}  // namespace mxpress::mta
