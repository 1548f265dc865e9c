// Parses domains: host names by the rules of DNS and IDNA, and address literals.
#include "proto/domain.h"

#include <arpa/inet.h>
#include <idn2.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "proto/ascii.h"
#include "proto/domain_syntax.h"

namespace mxpress::proto {
namespace {

constexpr std::string_view kIpv6Tag = "ipv6:";

// inet_pton() takes IPv4 addresses in their one canonical form only.
bool is_v4_address(const std::string& text) {
  in_addr address;
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

std::optional<std::string> canonical_v6_address(const std::string& text) {
  in6_addr address;
  char canonical[INET6_ADDRSTRLEN];
  if (inet_pton(AF_INET6, text.c_str(), &address) != 1) return std::nullopt;
  return std::string(inet_ntop(AF_INET6, &address, canonical, sizeof canonical));
}

// RFC 5321 4.1.3
std::optional<std::string> canonical_literal(std::string_view text) {
  if (text.size() < 3 || text.size() > 64 || text.back() != ']') return std::nullopt;
  const std::string inner = lower_case(text.substr(1, text.size() - 2));
  if (inner.find('\0') != std::string::npos) return std::nullopt;
  if (inner.starts_with(kIpv6Tag)) {
    const auto address = canonical_v6_address(inner.substr(kIpv6Tag.size()));
    return address ? std::optional("[" + std::string(kIpv6Tag) + *address + "]") : std::nullopt;
  }
  return is_v4_address(inner) ? std::optional("[" + inner + "]") : std::nullopt;
}

std::optional<std::string> to_a_label(const std::string& label) {
  if (std::none_of(label.begin(), label.end(), is_eight_bit)) return lower_case(label);
  char* converted = nullptr;
  const int result = idn2_to_ascii_8z(label.c_str(), &converted, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  const std::unique_ptr<char, void (*)(void*)> owner(converted, idn2_free);
  if (result != IDN2_OK) return std::nullopt;
  return lower_case(converted);
}

// Converts label by label: libidn2 refuses some ASCII labels that exist in the DNS, such as "mx--1". Each takes about a microsecond, so
// conversion stops when the name is too long.
std::optional<std::string> to_a_labels(std::string_view text) {
  std::string name;
  while (true) {
    const auto label = to_a_label(std::string(take_label(text)));
    if (!label || label->empty() || name.size() + label->size() > kMaxName) return std::nullopt;
    name += *label;
    if (text.empty()) return name;
    name += '.';
  }
}

// The name without a dot at its end.
std::optional<std::string> canonical_name(std::string_view text) {
  if (!has_name_syntax(text)) return std::nullopt;
  if (std::none_of(text.begin(), text.end(), is_eight_bit)) {
    if (text.ends_with('.')) text.remove_suffix(1);
    return text.size() <= kMaxName ? std::optional(lower_case(text)) : std::nullopt;
  }
  auto name = to_a_labels(text);
  if (name && name->ends_with('.')) name->pop_back();  // IDNA treats some characters as a dot
  return name && has_name_syntax(*name) ? name : std::nullopt;
}

Error malformed() { return Error::permanent("not a domain: expected a host name such as example.org or an address in brackets"); }

}  // namespace

Result<Domain> Domain::parse(std::string_view text) {
  if (text.starts_with('[')) {
    auto literal = canonical_literal(text);
    return literal ? Result<Domain>(Domain(*std::move(literal))) : malformed();
  }
  auto name = canonical_name(text);
  return name ? Result<Domain>(Domain(*std::move(name))) : malformed();
}

std::string Domain::address() const {
  if (!is_address_literal()) return {};
  std::string inner = text_.substr(1, text_.size() - 2);
  return inner.starts_with(kIpv6Tag) ? inner.substr(kIpv6Tag.size()) : inner;
}

bool Domain::is_fully_qualified() const { return is_address_literal() || text_.find('.') != std::string::npos; }

}  // namespace mxpress::proto
