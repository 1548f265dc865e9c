// The service extensions that a server offers. RFC 5321 4.1.1.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mxpress::proto {

inline constexpr std::size_t kMaxMechanisms = 32;
struct Reply;

// All false: a server that only knows HELO.
struct Extensions {
  bool pipelining = false;                  // RFC 2920
  bool size = false;                        // RFC 1870: the SIZE parameter may be used...
  std::optional<std::uint64_t> size_limit;  // ...and this is the limit, if the server gives one (0 means none)
  bool eight_bit_mime = false;              // RFC 6152
  bool dsn = false;                         // RFC 3461
  bool starttls = false;                    // RFC 3207
  bool enhanced_status_codes = false;       // RFC 2034
  bool require_tls = false;                 // RFC 8689
  bool smtputf8 = false;                    // RFC 6531
  bool chunking = false;                    // RFC 3030
  bool binary_mime = false;                 // RFC 3030
  std::vector<std::string> auth;            // RFC 4954: the SASL mechanisms, upper case, at most kMaxMechanisms
};

// Reads a positive reply to EHLO. Keywords in any case; unknown and malformed lines are ignored; the first line is the greeting.
Extensions parse_extensions(const Reply& ehlo_reply);

}  // namespace mxpress::proto
