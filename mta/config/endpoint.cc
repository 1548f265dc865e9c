// "address:port" and "host:port" in the configuration.
#include "mta/config/endpoint.h"

#include <charconv>
#include <optional>

#include "proto/domain.h"
#include "proto/printable.h"

namespace mxpress::mta::config {
namespace {

struct Parts {
  std::string_view host;  // without brackets
  std::string_view port;  // empty: none given
  bool bracketed = false;
};

std::optional<Parts> split(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return std::nullopt;
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && (rest.front() != ':' || rest.size() == 1)) return std::nullopt;
    return Parts{text.substr(1, end - 1), rest.empty() ? rest : rest.substr(1), true};
  }
  const auto colon = text.find(':');
  if (colon == text.npos) return Parts{text, {}, false};
  if (text.find(':', colon + 1) != text.npos || colon + 1 == text.size()) return std::nullopt;  // an IPv6 address needs brackets
  return Parts{text.substr(0, colon), text.substr(colon + 1), false};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

Error refused(std::string_view text, std::string_view what) {
  return Error::permanent("\"" + proto::printable(text, 100) + "\" is not " + std::string(what));
}

bool is_host(const Parts& parts) {
  if (const auto address = dns::Address::parse(parts.host)) return address->is_v6 == parts.bracketed;
  if (parts.bracketed) return false;
  const auto domain = proto::Domain::parse(parts.host);
  return domain && !domain->is_address_literal();
}

}  // namespace

std::string Endpoint::to_string() const {
  const std::string text = address.to_string();
  return (address.is_v6 ? "[" + text + "]" : text) + ":" + std::to_string(port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  constexpr std::string_view kWanted = "an address with port, such as \"127.0.0.1:25\" or \"[::1]:25\"";
  const auto parts = split(text);
  if (!parts) return refused(text, kWanted);
  const auto address = dns::Address::parse(parts->host);
  const auto port = parse_port(parts->port);
  if (!address || address->is_v6 != parts->bracketed || !port) return refused(text, kWanted);
  return Endpoint{*address, *port};
}

Result<HostPort> parse_host_port(std::string_view text, std::uint16_t unstated) {
  constexpr std::string_view kWanted = "a host with port, such as \"mail.example.org:25\", \"192.0.2.1:25\" or \"[2001:db8::1]:25\"";
  const auto parts = split(text);
  if (!parts || !is_host(*parts)) return refused(text, kWanted);
  if (parts->port.empty()) return HostPort{std::string(parts->host), unstated};
  const auto port = parse_port(parts->port);
  if (!port || *port == 0) return refused(text, kWanted);
  return HostPort{std::string(parts->host), *port};
}

std::string to_string(const HostPort& place) {
  const bool is_v6 = place.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + place.host + "]" : place.host;
  return place.port == 0 ? host : host + ":" + std::to_string(place.port);
}

Result<NextHops> parse_next_hops(std::string_view text) {
  constexpr std::string_view kMailHosts = "mx:";
  NextHops hops;
  if (text.starts_with(kMailHosts)) {
    auto domain = proto::Domain::parse(text.substr(kMailHosts.size()));
    if (!domain) return domain.error();
    hops.mail_hosts_of = std::move(*domain);
    return hops;
  }
  auto host = parse_host_port(text, 0);
  if (!host) return host.error();
  hops.hosts.push_back(std::move(*host));
  return hops;
}

}  // namespace mxpress::mta::config
