// Compares logins, and finds them in what hosts say.
#include "mta/auth/login.h"

#include <openssl/crypto.h>

#include "mta/auth/current_login.h"
#include "proto/encoding.h"

namespace mxpress::mta::auth {

void wipe(std::string& text) {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

bool is_same_login(const Login* a, const Login* b) { return a == b || (a && b && *a == *b); }

bool is_in_force(const Login* login, const std::shared_ptr<const CurrentLogin>& current) {
  return is_same_login(login, login_now(current).get());
}

bool repeats_secret(std::string_view text, const Login& login) {
  const Secret plain(std::string("\0", 1) + login.user + std::string("\0", 1) + login.password.reveal());
  const auto has = [text](const Secret& part) { return !part.empty() && text.find(part.reveal()) != text.npos; };
  return has(login.password) || has(Secret(proto::base64(login.password.reveal()))) || has(Secret(proto::base64(plain.reveal())));
}

}  // namespace mxpress::mta::auth
