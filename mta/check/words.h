// Words for what is demanded of mail hosts: for `mxpress tls` and `mxpress check`.
#pragma once

#include <string>
#include <string_view>

#include "dns/target.h"

namespace mxpress::mta::net {
class TlsPolicy;
}
namespace mxpress::mta::sts {
struct Finding;
}
namespace mxpress::mta::transport {
struct ProviderTerms;
}

namespace mxpress::mta::check {

// Remote text for people: printable and bounded.
std::string shown(std::string_view text);

template <class List, class Text>
std::string joined(const List& list, std::string_view between, const Text& text_of) {
  std::string text;
  for (const auto& one : list) text.append(text.empty() ? "" : between).append(text_of(one));
  return text;
}

// The TLS that a host must offer; without an end. Not cleaned.
std::string demand_of(const net::TlsPolicy& policy, std::string_view host);

// What the limits of its provider change for a host: "gmail: 5 connections at a time to all its hosts, 50 messages over each". Empty: its
// provider has none. Not cleaned.
std::string limit_in_words(const transport::ProviderTerms& terms);

// Why the TLSA records of a host do not count; empty: they do, or nobody asked.
std::string_view why_no_dane(dns::HostTlsa::Kind kind);

// The MTA-STS policy of a domain, or why there is none; printable.
std::string in_words(const sts::Finding& finding);

}  // namespace mxpress::mta::check
