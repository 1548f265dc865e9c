// Passwords from files, and the rules for their text.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "mta/auth/login_source.h"
#include "mta/auth/secret.h"
#include "proto/result.h"

namespace mxpress::mta::auth {

// One line with any line end; blanks belong to the password, a byte order mark does not. Refused: an empty text, several lines, or a NUL.
// `origin` begins the error: "the password file /etc/mxpress/password". `text` is wiped.
Result<Secret> password_in(std::string& text, const std::string& origin);

// Also refuses files that system::read_private_file() refuses.
Result<Secret> read_secret(const std::string& path);

std::unique_ptr<LoginSource> file_source(std::string path);
// A certificate with its private key, as a text.
std::unique_ptr<LoginSource> certificate_source(std::string path);
// A credential of systemd: LoadCredential=NAME:/path in the unit. systemd.exec(5)
std::unique_ptr<LoginSource> systemd_source(std::string name);

}  // namespace mxpress::mta::auth
