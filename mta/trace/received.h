// One Received field: who handed the message to whom, when and how. Reads the forms of all common mail programs. RFC 5321 4.4. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dns/address.h"
#include "mta/trace/date.h"

namespace mxpress::mta::trace {

// All texts are remote: as the host wrote them, empty if it did not.
struct Received {
  std::string helo;                    // the client's own name, in HELO or EHLO
  std::string client_name;             // the name that the host found for the client's address
  bool has_no_name = false;            // the host has looked, and found no name that leads back to the address
  std::optional<dns::Address> client;  // the client's address, as the host saw it; IPv4 never in IPv6 form
  std::string by;                      // the host
  std::optional<dns::Address> by_address;
  std::string protocol;  // "ESMTPS"
  std::string tls;       // "TLSv1.3 TLS_AES_256_GCM_SHA384"; "TLS" if no more is known
  std::string id;
  std::string recipient;  // without < and >
  std::string sender;     // the reverse-path, where the host notes it
  std::string date_text;
  Date date;
  bool has_from = false;          // a client is named at all: not so for steps within a host
  bool is_authenticated = false;  // the client signed in: its name in HELO means nothing
};

// The address in "[192.0.2.1]", "[IPv6:2001:db8::1]:25", "192.0.2.1", "user@192.0.2.1" or "fe80::1%3"; IPv4 never in IPv6 form.
std::optional<dns::Address> address_in(std::string_view word);

// `value`: behind the colon; folds are allowed.
Received parse_received(std::string_view value);

}  // namespace mxpress::mta::trace
