// Where and for what an OAuth provider gives tokens: [credentials.NAME] oauth. RFC 6749, RFC 8628.
#pragma once

#include <boost/filesystem/path.hpp>
#include <optional>
#include <string>
#include <vector>

#include "dns/address.h"
#include "proto/https_url.h"

namespace mxpress::mta {

struct OAuthConfig {
  std::string provider;  // kMicrosoft, kGoogle: what is not set below is theirs; empty: nothing is
  std::string tenant;    // of Microsoft: a directory's id or domain; empty: "common"
  std::optional<proto::HttpsUrl> token_url, device_url, authorization_url;
  std::string scope;
  std::optional<boost::filesystem::path> ca_file;  // PEM: the authorities that are trusted, instead of the system's
  std::vector<dns::Network> allow_addresses;       // that are asked although they are not public
  bool operator==(const OAuthConfig&) const = default;
};

inline constexpr std::string_view kMicrosoft = "microsoft", kGoogle = "google";
bool is_oauth_provider(std::string_view name);

// What is in force: what is set, else the provider's.
struct OAuthEndpoints {
  std::optional<proto::HttpsUrl> token;          // there is one, where the configuration has been checked
  std::optional<proto::HttpsUrl> device;         // RFC 8628 3.1
  std::optional<proto::HttpsUrl> authorization;  // RFC 6749 3.1
  std::string scope;
};
OAuthEndpoints endpoints_of(const OAuthConfig& config);

}  // namespace mxpress::mta
