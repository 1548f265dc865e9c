// The login of this host at a provider: [credentials.NAME], with the secret from its source.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mta/auth/secret.h"

namespace mxpress::mta {
enum class SecretKind : std::uint8_t;
}
namespace mxpress::mta::net {
class ClientCertificate;
}

namespace mxpress::mta::auth {

struct Login {
  std::string name;                     // of [credentials.NAME]
  std::string user;                     // with a certificate: the authorization identity, RFC 4422 appendix A; often empty
  Secret password;                      // or access token, or the text of the certificate and its key
  std::string failure;                  // why there is no password, and the action to take; empty: there is one
  std::vector<std::string> mechanisms;  // the only ones to use, in this order
  bool allow_cleartext = false;
  SecretKind kind{};                                            // password
  std::shared_ptr<const net::ClientCertificate> certificate{};  // in the form for TLS; null: none
  bool operator==(const Login& other) const;
};

// True if sessions that sign in with these logins may serve each other's mail. Null: no sign-in.
bool is_same_login(const Login* a, const Login* b);

// True if a host's text contains the password, in clear or in its wire form, perhaps broken by blanks and line ends; of a token 63 octets
// in a row are enough.
bool repeats_secret(std::string_view text, const Login& login);

}  // namespace mxpress::mta::auth
