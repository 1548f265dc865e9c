// What this host signs in with at a provider: [credentials.NAME], with the secret that its source gave.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mta/auth/secret.h"

namespace mxpress::mta::auth {

struct Login {
  std::string name;  // of [credentials.NAME]
  std::string user;
  Secret password;
  std::string failure;                  // why there is no password, and what to do; empty: there is one
  std::vector<std::string> mechanisms;  // the only ones to use, the first first
  bool allow_cleartext = false;
  bool is_token = false;  // the password is an access token
  bool operator==(const Login&) const = default;
};

// Whether sessions that sign in with these may serve each other's mail. Null: nobody signs in.
bool is_same_login(const Login* a, const Login* b);

// Whether what a host says has the password in it, in clear or as it went over the wire; of a token 63 octets in a row are enough.
bool repeats_secret(std::string_view text, const Login& login);

}  // namespace mxpress::mta::auth
