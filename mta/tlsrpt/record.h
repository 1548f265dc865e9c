// The DNS record by which a domain asks for reports about TLS. RFC 8460 3.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/https_url.h"
#include "proto/mailbox.h"

namespace mxpress::mta::tlsrpt {

inline constexpr std::size_t kMostReceivers = 4;      // of one domain; further ones get no report
inline constexpr std::size_t kLongestReceiver = 500;  // octets

struct Receiver {
  std::string uri;  // as in the record
  std::variant<proto::Mailbox, proto::HttpsUrl> to;
};

// "mailto:tls@example.org", "https://reports.example.org/tls". The Error is for people.
Result<Receiver> parse_receiver(std::string_view uri);

// "_smtp._tls.example.org"
std::string record_name(const std::string& domain);

// The receivers of reports. `texts`: the TXT records of record_name(), each as one text. Receivers of an unknown kind are left out. Empty:
// there is no record. An Error: several records, or one without a receiver that can be used, which count as none.
Result<std::vector<Receiver>> receivers_in(const std::vector<std::string>& texts);

}  // namespace mxpress::mta::tlsrpt
