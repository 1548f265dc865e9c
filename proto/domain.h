// A mail domain: the part behind the @, as a host name of A-labels or an address literal. RFC 5321 4.1.2, 4.1.3.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "proto/result.h"

namespace mxpress::proto {

// Canonical: lower case, no trailing dot, IDN as A-labels (RFC 5891). A literal keeps its brackets: "[192.0.2.1]", "[ipv6:2001:db8::1]".
class Domain {
 public:
  // Refuses an empty name, labels over 63 or names over 255 octets, characters outside letters, digits, '-' and '_'
  // (UTF-8 is converted), labels that begin or end with '-', malformed literals, and a bare address such as 192.0.2.1.
  static Result<Domain> parse(std::string_view text);

  const std::string& text() const { return text_; }
  bool is_address_literal() const { return text_.front() == '['; }
  // The bare address of a literal: "192.0.2.1", "2001:db8::1". Empty for a name.
  std::string address() const;
  // A name of two labels or more, or a literal, as HELO and EHLO require. RFC 5321 4.1.1.1
  bool is_fully_qualified() const;

  auto operator<=>(const Domain&) const = default;

 private:
  explicit Domain(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace mxpress::proto
