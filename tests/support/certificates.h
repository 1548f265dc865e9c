// Certificates for the servers of tests: of an authority that the client trusts, of another one, or self-signed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mta/net/tls_policy.h"

struct evp_pkey_st;
struct ssl_ctx_st;
struct x509_st;

namespace mxpress::testing {

enum class Issuer { authority, unknown_authority, itself };

struct CertificateWish {
  std::vector<std::string> dns_names{"mx.there.example"};  // subjectAltName
  std::vector<std::string> addresses{};                    // the same
  std::string common_name{};                               // of the subject
  Issuer issuer = Issuer::authority;
  int first_day = -1;  // from today
  int last_day = 30;
};

// A key and a certificate with the given properties. A P-256 key.
class Certificate {
 public:
  explicit Certificate(const CertificateWish& wish);
  // The server presents it, followed by its authority's.
  void use(ssl_ctx_st* context) const;
  // Usage 3: of this certificate, 2: of its authority.
  mta::net::TlsaRecord tlsa(std::uint8_t usage, std::uint8_t selector, std::uint8_t matching) const;
  std::string pem() const;
  std::string key_pem() const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> certificate_;
  std::shared_ptr<x509_st> issuer_;  // null: self-signed
};

// The authority that is trusted.
std::string authority_pem();
std::shared_ptr<const mta::net::TrustAnchors> trusted_authority();

}  // namespace mxpress::testing
