// The result of TLS with one mail host, for logs and reports. RFC 8460.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mta/net/tls_policy.h"

namespace mxpress::mta::net {

enum class TlsLevel : std::uint8_t {
  clear,
  encrypted,
  verified  // the certificate is that of the host
};

// The result types of RFC 8460 4.3.
enum class TlsFailure : std::uint8_t {
  none,
  starttls_not_supported,
  certificate_host_mismatch,
  certificate_expired,
  certificate_not_trusted,
  validation_failure,  // any other
  tlsa_invalid,
  dnssec_invalid,
  dane_required,
  sts_policy_fetch_error,
  sts_policy_invalid,
  sts_webpki_invalid
};

// In the words of RFC 8460: "starttls-not-supported"; "none".
std::string_view to_string(TlsFailure failure);
std::string_view to_string(TlsLevel level);

struct TlsResult {
  TlsPolicy wanted;
  TlsLevel reached = TlsLevel::clear;
  // Why the host does not fulfil the policy. Also set if mail is sent nevertheless: `may` without TLS, an MTA-STS policy in testing mode.
  TlsFailure failure = TlsFailure::none;
  std::string detail;  // the host's behaviour: "the mail host's certificate expired on 2026-11-20"; cleaned; empty: offered nothing

  bool forbids_mail() const { return failure != TlsFailure::none && !wanted.allows_clear(); }
};

// For use before a connection is made: has a failure if the policy does not list the host.
TlsResult result_before_connect(TlsPolicy wanted, std::string_view host);

// True if mail may be sent on a session of this level.
bool is_enough(const TlsPolicy& wanted, TlsLevel reached);

// For people: the required TLS and its source, the host's offer, and the action to take. `host` is the mail host's name.
std::string in_words(const TlsResult& result, std::string_view host);

}  // namespace mxpress::mta::net
