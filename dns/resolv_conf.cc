// resolv.conf and name server addresses: see resolv_conf.h.
#include "dns/resolv_conf.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace mxpress::dns {
namespace {

constexpr std::size_t kMaxServers = 8;
constexpr int kMaxTimeout = 30;  // seconds; this and the next as in the resolver of the C library
constexpr int kMaxAttempts = 5;

std::string_view next_word(std::string_view& line) {
  constexpr std::string_view kSpace = " \t\r\v\f";
  const std::size_t start = std::min(line.find_first_not_of(kSpace), line.size());
  const std::size_t end = std::min(line.find_first_of(kSpace, start), line.size());
  const std::string_view word = line.substr(start, end - start);
  line.remove_prefix(end);
  return word;
}

template <class Number>
std::optional<Number> parse_number(std::string_view digits) {
  Number number{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

// The value of "timeout:3" for the name "timeout:", limited to 1 to `most`; values that are no number are ignored.
std::optional<int> bounded_option(std::string_view word, std::string_view name, int most) {
  if (!word.starts_with(name)) return std::nullopt;
  const std::optional<int> value = parse_number<int>(word.substr(name.size()));
  if (!value) return std::nullopt;
  return std::clamp(*value, 1, most);
}

void apply_option(std::string_view word, ResolverOptions& options, bool& trust_ad) {
  if (word == "rotate") options.rotate = true;
  if (word == "use-vc") options.use_vc = true;
  if (word == "trust-ad") trust_ad = true;
  if (const auto seconds = bounded_option(word, "timeout:", kMaxTimeout)) options.timeout = std::chrono::seconds(*seconds);
  if (const auto attempts = bounded_option(word, "attempts:", kMaxAttempts)) options.attempts = *attempts;
}

void apply_line(std::string_view line, ResolverOptions& options, bool& trust_ad) {
  const std::string_view keyword = next_word(line);
  if (keyword == "nameserver" && options.servers.size() < kMaxServers) {
    const std::string_view address = next_word(line);
    Result<ServerConfig> server = parse_server(address);
    if (server && server->port == 53) options.servers.push_back(std::move(*server));
  }
  if (keyword != "options") return;
  for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) apply_option(word, options, trust_ad);
}

bool passes_on(const Address& given) {
  const Address address = unmapped(given);
  constexpr std::array<std::uint8_t, 4> kOfContainers = {127, 0, 0, 11}, kResolvedProxy = {127, 0, 0, 54};
  const auto is = [&address](const auto& bytes) { return !address.is_v6 && std::equal(bytes.begin(), bytes.end(), address.bytes.begin()); };
  return is(kOfContainers) || is(kResolvedProxy);
}

Result<ServerConfig> parse_host(std::string_view host) {
  ServerConfig server;
  const std::size_t percent = std::min(host.find('%'), host.size());
  Result<Address> address = Address::parse(host.substr(0, percent));
  if (!address) return address.error();
  server.address = *address;
  if (percent < host.size()) server.scope = host.substr(percent + 1);
  const bool scope_allowed = server.address.is_v6 && is_link_local(server.address);
  if (percent < host.size() && (!scope_allowed || server.scope.empty())) {
    return Error::permanent("an interface (%name) belongs to a link-local IPv6 address only");
  }
  return server;
}

}  // namespace

std::string ServerConfig::to_string() const {
  if (scope.empty()) return address_and_port(address, port);
  return "[" + address.to_string() + "%" + scope + "]:" + std::to_string(port);
}

bool is_ad_trusted(const ServerConfig& server) { return server.trusted || (is_loopback(server.address) && !passes_on(server.address)); }

Result<ServerConfig> parse_server(std::string_view text) {
  std::string_view host = text;
  std::string_view port;
  const std::size_t colon = text.rfind(':');
  const bool has_brackets = text.starts_with('[');
  if (has_brackets) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return Error::permanent("a closing ] is missing");
    host = text.substr(1, close - 1);
    port = text.substr(close + 1);
  } else if (colon != std::string_view::npos && text.find(':') == colon) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  Result<ServerConfig> server = parse_host(host);
  if (!server || port.empty()) return server;
  const auto number = port.starts_with(':') ? parse_number<std::uint16_t>(port.substr(1)) : std::nullopt;
  if (!number || *number == 0) return Error::permanent("the port must be a number from 1 to 65535");
  server->port = *number;
  return server;
}

ResolverOptions parse_resolv_conf(std::string_view text) {
  ResolverOptions options;
  bool trust_ad = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    apply_line(text.substr(0, end), options, trust_ad);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (options.servers.empty()) options.servers.push_back(parse_server("127.0.0.1").value());
  for (ServerConfig& server : options.servers) server.trusted = trust_ad && !passes_on(server.address);
  return options;
}

}  // namespace mxpress::dns
