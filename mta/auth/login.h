// What this host signs in with at a provider: [credentials.NAME], with the password from its file.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mta/auth/secret.h"
#include "proto/result.h"

namespace mxpress::mta {
struct CredentialsConfig;
}

namespace mxpress::mta::auth {

struct Login {
  std::string name;  // of [credentials.NAME]
  std::string user;
  Secret password;
  std::string failure;                  // why there is no password, and what to do; empty: there is one
  std::vector<std::string> mechanisms;  // the only ones to use, the first first
  bool allow_cleartext = false;
  bool operator==(const Login&) const = default;
};

// Whether sessions that sign in with these may serve each other's mail. Null: nobody signs in.
bool is_same_login(const Login* a, const Login* b);

// Whether what a host says has the password in it, in clear or as it went over the wire.
bool repeats_secret(std::string_view text, const Login& login);

// Reads the password. Reads the disk, does not wait for a FIFO. A file that cannot be used gives a login with a failure.
Login load_login(const std::string& name, const CredentialsConfig& config);

// The password in a file: one line, whatever ends it. Refused: what is empty, has several lines or a NUL, and what
// system::read_private_file() refuses.
Result<Secret> read_secret(const std::string& path);

}  // namespace mxpress::mta::auth
