// An https address in the configuration. RFC 3986, RFC 9110 4.2.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/result.h"

namespace mxpress::proto {

struct HttpsUrl {
  std::string host;  // lower case, A-labels; an address has no brackets
  std::uint16_t port = 443;
  std::string target = "/";  // path and query, for the request line

  // Refuses other schemes, user names, fragments, characters that RFC 3986 does not allow, and addresses over 2,000 octets.
  static Result<HttpsUrl> parse(std::string_view text);
  // For the Host field (RFC 9110 7.2): "login.example.com", "login.example.com:8443", "[2001:db8::1]".
  std::string authority() const;
  std::string text() const { return "https://" + authority() + target; }
  bool operator==(const HttpsUrl&) const = default;
};

}  // namespace mxpress::proto
