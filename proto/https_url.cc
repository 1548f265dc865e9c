// Takes https addresses apart.
#include "proto/https_url.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "proto/ascii.h"
#include "proto/domain.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kMaxUrl = 2000;
constexpr std::uint16_t kUsualPort = 443;
constexpr std::string_view kScheme = "https://";

Error refused(std::string_view why) { return Error::permanent("is no https address: " + std::string(why)); }

// RFC 3986 2.2, 2.3, and '%'.
bool is_url_character(char c) {
  return is_digit(c) || is_alpha(c) || std::string_view("-._~:/?#[]@!$&'()*+,;=%").find(c) != std::string_view::npos;
}

// A name, an IPv4 address, or an IPv6 address in brackets.
Result<std::string> parse_host(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) {
    const auto literal = Domain::parse("[IPv6:" + std::string(text.substr(1)));
    return literal ? Result<std::string>(literal->address()) : refused("the address in brackets is no IPv6 address");
  }
  const bool is_address = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
  const auto domain = Domain::parse(is_address ? "[" + std::string(text) + "]" : std::string(text));
  if (!domain || (!is_address && domain->is_address_literal())) return refused("the host is no name and no address");
  return is_address ? domain->address() : domain->text();
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc() && end == digits.data() + digits.size() && port != 0 ? std::optional(port) : std::nullopt;
}

// The position of the port's colon, behind the brackets of an IPv6 address.
std::size_t colon_of_port(std::string_view authority) {
  const auto bracket = authority.rfind(']');
  return authority.find(':', bracket == authority.npos ? 0 : bracket);
}

}  // namespace

Result<HttpsUrl> HttpsUrl::parse(std::string_view text) {
  if (!starts_in_any_case(text, kScheme)) return refused("it must begin with https://");
  if (text.size() > kMaxUrl) return refused("it is too long");
  if (!std::all_of(text.begin(), text.end(), is_url_character)) return refused("it has a character that must be written as %XX");
  if (text.find('#') != text.npos) return refused("it has a fragment (#)");
  text.remove_prefix(kScheme.size());
  const std::string_view authority = text.substr(0, text.find_first_of("/?"));
  if (authority.find('@') != authority.npos) return refused("it has a user name (@)");
  HttpsUrl url;
  const std::size_t colon = colon_of_port(authority);
  auto host = parse_host(authority.substr(0, colon));
  if (!host) return host.error();
  url.host = std::move(*host);
  if (colon != authority.npos) {
    const auto port = parse_port(authority.substr(colon + 1));
    if (!port) return refused("the port is no number from 1 to 65535");
    url.port = *port;
  }
  const std::string_view target = text.substr(authority.size());
  url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  return url;
}

std::string HttpsUrl::authority() const {
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == kUsualPort ? shown : shown + ":" + std::to_string(port);
}

}  // namespace mxpress::proto
