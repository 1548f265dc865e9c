// The defaults of a route's keys.
#include "mta/config/route_config.h"

#include <algorithm>

namespace mxpress::mta {

std::uint16_t RouteConfig::port_or(std::uint16_t usual) const {
  constexpr std::uint16_t kSubmissions = 465, kSubmission = 587;  // RFC 8314 7.3, RFC 6409 3.1
  if (port) return *port;
  if (implicit_tls) return kSubmissions;
  return credentials.empty() ? usual : kSubmission;
}

SecretKind kind_of_mechanism(std::string_view mechanism) {
  if (mechanism == "OAUTHBEARER" || mechanism == "XOAUTH2") return SecretKind::token;
  return mechanism == "EXTERNAL" ? SecretKind::certificate : SecretKind::password;
}

SecretKind CredentialsConfig::kind() const {
  const auto is_for_tokens = [](const std::string& mechanism) { return kind_of_mechanism(mechanism) == SecretKind::token; };
  if (certificate_file) return SecretKind::certificate;
  if (oauth || (!mechanisms.empty() && std::all_of(mechanisms.begin(), mechanisms.end(), is_for_tokens))) return SecretKind::token;
  return SecretKind::password;
}

// Tokens and certificates have their own mechanisms. SCRAM never shows the password, PLAIN and LOGIN only to a verified host. CRAM-MD5
// comes after them: hosts that store hashed passwords often offer it although they cannot do it.
std::span<const std::string_view> auth_mechanisms() {
  static constexpr std::string_view kMechanisms[] = {
      "EXTERNAL", "OAUTHBEARER", "XOAUTH2", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1",
      "PLAIN",    "LOGIN",       "CRAM-MD5"};
  return kMechanisms;
}

}  // namespace mxpress::mta
