// Macros in SPF records and explanations: "%{ir}.%{v}._spf.%{d2}". RFC 7208 7. Pure.
#pragma once

#include <string>
#include <string_view>

#include "dns/address.h"
#include "proto/time.h"

namespace mxpress::mta::spf {

// RFC 7208 7.2: c, r and t are for explanations only.
enum class MacroLetters { of_domains, of_explanations };

// True if each octet is visible ASCII (or a space, in explanations), and each % begins a macro that is allowed there.
bool is_macro_string(std::string_view text, MacroLetters letters);
// True if the last thing in this macro string is a macro.
bool ends_in_macro(std::string_view text);
// True if it has the macro of this letter (lower case), in any case.
bool has_macro(std::string_view text, char letter);

struct MacroValues {
  std::string sender;                   // s: "user@example.com"
  std::string local_part;               // l
  std::string sender_domain;            // o
  std::string domain;                   // d: of the record
  dns::Address client;                  // i, c, v; an IPv4 address never as an IPv6 address
  std::string client_name = "unknown";  // p
  std::string helo;                     // h
  std::string receiver = "unknown";     // r
  WallTime now{};                       // t
};

// is_macro_string(text, letters) must be true. Ends after kMostExpanded octets.
inline constexpr std::size_t kMostExpanded = 4096;
std::string expanded(std::string_view text, const MacroValues& values);

}  // namespace mxpress::mta::spf
