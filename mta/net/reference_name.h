// A name that a certificate must be valid for. RFC 9525 6.1.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "proto/result.h"

namespace mxpress::mta::net {

// A DNS-ID (lower case, A-labels, no trailing dot) or an IP-ID.
class ReferenceName {
 public:
  // "mx.example.org", also with UTF-8 labels; "192.0.2.1", "2001:db8::1", "[192.0.2.1]", "[2001:db8::1]", "[IPv6:2001:db8::1]".
  static Result<ReferenceName> parse(std::string_view text);
  const std::string& text() const { return text_; }
  bool is_address() const { return is_address_; }
  auto operator<=>(const ReferenceName&) const = default;

 private:
  ReferenceName(std::string text, bool is_address) : text_(std::move(text)), is_address_(is_address) {}
  std::string text_;  // of an address: without brackets
  bool is_address_;
};

}  // namespace mxpress::mta::net
