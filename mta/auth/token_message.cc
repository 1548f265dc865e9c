// Access tokens as SASL messages.
#include "mta/auth/token_message.h"

#include <algorithm>

#include "mta/auth/sasl_client.h"

namespace mxpress::mta::auth {
namespace {

constexpr std::string_view kBearer = "OAUTHBEARER";

// Printable ASCII without blanks: RFC 6749 appendix A.12. It never includes the separator of the message.
bool is_in_token(char c) { return c > ' ' && c < '\x7F'; }

// RFC 5801 4: a saslname, for a user without NUL.
std::string saslname(std::string_view user) {
  std::string name;
  for (const char c : user) name += c == ',' ? "=2C" : c == '=' ? "=3D" : std::string(1, c);
  return name;
}

}  // namespace

Result<std::string> token_message(std::string_view mechanism, const Login& login, const Channel& channel) {
  const std::string& token = login.password.reveal();
  if (token.empty() || !std::all_of(token.begin(), token.end(), is_in_token))
    return Error::permanent("what was fetched is no access token: it has blanks or control characters");
  const bool is_bearer = mechanism == kBearer;
  const std::string begin = is_bearer
                                ? "n,a=" + saslname(login.user) + ",\x01host=" + channel.host + "\x01port=" + std::to_string(channel.port)
                                : "user=" + login.user;
  constexpr std::string_view kAuth =
                                 "\x01"
                                 "auth=Bearer ",
                             kEnd = "\x01\x01";
  std::string message;
  message.reserve(begin.size() + kAuth.size() + token.size() + kEnd.size());
  return message.append(begin).append(kAuth).append(token).append(kEnd);
}

std::string_view answer_to_refusal(std::string_view mechanism) { return mechanism == kBearer ? "\x01" : ""; }

}  // namespace mxpress::mta::auth
