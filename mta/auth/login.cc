// Compares logins, and finds their secrets in texts of hosts.
#include "mta/auth/login.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "mta/auth/current_login.h"
#include "mta/config/route_config.h"
#include "proto/encoding.h"

namespace mxpress::mta::auth {
namespace {

// A shorter piece of a token is useless, and no reply has this many octets of one by chance.
constexpr std::size_t kPiece = 32;

bool has_long_word(std::string_view text) {
  std::size_t length = 0;
  return std::any_of(text.begin(), text.end(), [&](char c) { return (length = c == ' ' ? 0 : length + 1) >= kPiece; });
}

bool has_piece(std::string_view text, std::string_view secret) {
  for (std::size_t at = 0; at + kPiece <= secret.size(); at += kPiece)
    if (text.find(secret.substr(at, kPiece)) != text.npos) return true;
  return false;
}

// The characters of base64 that depend only on `octets`, after `before` octets of other text: 0 to 2.
Secret inner_base64(std::string_view octets, std::size_t before) {
  const std::string encoded = proto::base64(std::string(before, 'x').append(octets));
  const std::size_t begin = (before * 8 + 5) / 6, end = (before + octets.size()) * 8 / 6;
  return Secret(encoded.substr(begin, end - begin));
}

// Tokens are long, and a reply may have been cut: a piece is enough. Most replies have no word that long.
bool repeats_token(std::string_view text, const std::string& token) {
  if (token.size() < kPiece || !has_long_word(text)) return false;
  if (has_piece(text, token)) return true;
  for (std::size_t before = 0; before < 3; ++before)
    if (has_piece(text, inner_base64(token, before).reveal())) return true;
  return false;
}

// A host may break it over several lines.
std::string without_blanks(std::string_view text) {
  std::string all(text);
  std::erase_if(all, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
  return all;
}

bool has_secret(std::string_view text, const Login& login) {
  if (login.kind == SecretKind::token && repeats_token(text, login.password.reveal())) return true;
  const Secret plain(std::string("\0", 1) + login.user + std::string("\0", 1) + login.password.reveal());
  const auto has = [text](const Secret& part) { return !part.empty() && text.find(part.reveal()) != text.npos; };
  return has(login.password) || has(Secret(proto::base64(login.password.reveal()))) || has(Secret(proto::base64(plain.reveal())));
}

}  // namespace

void wipe(std::string& text) {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

// Equal texts mean equal certificates.
bool Login::operator==(const Login& other) const {
  return name == other.name && user == other.user && password == other.password && failure == other.failure &&
         mechanisms == other.mechanisms && allow_cleartext == other.allow_cleartext && kind == other.kind;
}

bool is_same_login(const Login* a, const Login* b) { return a == b || (a && b && *a == *b); }

bool is_in_force(const Login* login, const std::shared_ptr<const CurrentLogin>& current) {
  return is_same_login(login, login_now(current).get());
}

bool repeats_secret(std::string_view text, const Login& login) {
  if (login.kind == SecretKind::certificate) return false;  // no host has seen its key
  return has_secret(text, login) || has_secret(without_blanks(text), login);
}

}  // namespace mxpress::mta::auth
