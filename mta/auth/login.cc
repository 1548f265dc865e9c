// Reads passwords from their files.
#include "mta/auth/login.h"

#include <openssl/crypto.h>

#include <cstdlib>

#include "mta/config/route_config.h"
#include "mta/system/private_file.h"
#include "proto/encoding.h"

namespace mxpress::mta::auth {
namespace {

constexpr std::string_view kFile = "the password file";

Error refused(const std::string& path, const std::string& why) { return Error::permanent(std::string(kFile) + " " + path + " " + why); }

// Blanks belong to the password; the end of the line does not.
Result<Secret> secret_of(const std::string& path, std::string text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  Secret secret(text);
  const bool has_lines = text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos;
  const bool is_empty = text.empty();
  wipe(text);
  if (is_empty) return refused(path, "is empty: write the password into it, in one line");
  if (has_lines) return refused(path, "has more than one line: it must have the password alone");
  return secret;
}

// A credential of systemd: LoadCredential=NAME:/path in the unit. systemd.exec(5)
Result<std::string> credential_path(const std::string& name) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder && name.find('/') == name.npos) return std::string(folder) + "/" + name;
  return Error::permanent("there is no credential " + name + " of systemd: add LoadCredential=" + name +
                          ":/path/of/the/password to the service (systemctl edit mxpress), and restart it");
}

}  // namespace

void wipe(std::string& text) {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

bool is_same_login(const Login* a, const Login* b) { return a == b || (a && b && *a == *b); }

bool repeats_secret(std::string_view text, const Login& login) {
  const Secret plain(std::string("\0", 1) + login.user + std::string("\0", 1) + login.password.reveal());
  const auto has = [text](const Secret& part) { return !part.empty() && text.find(part.reveal()) != text.npos; };
  return has(login.password) || has(Secret(proto::base64(login.password.reveal()))) || has(Secret(proto::base64(plain.reveal())));
}

Result<Secret> read_secret(const std::string& path) {
  auto text = system::read_private_file(path, kFile);
  return text ? secret_of(path, std::move(*text)) : Result<Secret>(text.error());
}

Login load_login(const std::string& name, const CredentialsConfig& config) {
  Login login{name, config.user, {}, {}, config.mechanisms, config.allow_cleartext};
  const auto path =
      config.password_file ? Result<std::string>(config.password_file->string()) : credential_path(config.password_credential);
  auto secret = path ? read_secret(*path) : Result<Secret>(path.error());
  if (secret)
    login.password = std::move(*secret);
  else
    login.failure = secret.error().message;
  return login;
}

}  // namespace mxpress::mta::auth
