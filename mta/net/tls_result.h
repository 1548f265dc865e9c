// What became of TLS with one mail host, for logs and reports. RFC 8460.
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

// As RFC 8460 writes it: "starttls-not-supported"; "none".
std::string_view to_string(TlsFailure failure);
std::string_view to_string(TlsLevel level);

struct TlsResult {
  TlsPolicy wanted;
  TlsLevel reached = TlsLevel::clear;
  // Why the host does not fulfil the policy. Also where mail goes nevertheless: `may` without TLS, an MTA-STS policy that is tested.
  TlsFailure failure = TlsFailure::none;
  std::string detail;  // in words, what the host did: "the mail host's certificate expired on 2026-11-20"; cleaned; empty: offered nothing

  bool forbids_mail() const { return failure != TlsFailure::none && !wanted.allows_clear(); }
};

// Before a connection is made: has a failure if the policy does not list the host.
TlsResult result_before_connect(TlsPolicy wanted, std::string_view host);

// Whether mail may go on a session of this level.
bool is_enough(const TlsPolicy& wanted, TlsLevel reached);

// For people: what was wanted and by whom, what the host offered, and what to do. `host` is the mail host's name.
std::string in_words(const TlsResult& result, std::string_view host);

}  // namespace mxpress::mta::net
