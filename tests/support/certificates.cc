// Certificates of tests, with OpenSSL.
#include "tests/support/certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "mta/net/trust_anchors.h"

namespace mxpress::testing {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using CertificatePtr = std::shared_ptr<X509>;

struct Authority {
  Key key;
  CertificatePtr certificate;
};

Key make_key() { return {EVP_EC_gen("P-256"), &EVP_PKEY_free}; }

void add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

CertificatePtr begin_certificate(EVP_PKEY* key, const std::string& common_name, int first_day, int last_day) {
  static int serial = 1;
  CertificatePtr certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  X509_time_adj_ex(X509_getm_notBefore(certificate.get()), first_day, 0, nullptr);
  X509_time_adj_ex(X509_getm_notAfter(certificate.get()), last_day, 0, nullptr);
  X509_set_pubkey(certificate.get(), key);
  if (!common_name.empty())
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  return certificate;
}

Authority make_authority(const std::string& name) {
  Authority authority{make_key(), nullptr};
  authority.certificate = begin_certificate(authority.key.get(), name, -100, 100);
  X509* certificate = authority.certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(certificate, NID_subject_key_identifier, "hash");
  X509_sign(certificate, authority.key.get(), EVP_sha256());
  return authority;
}

const Authority& trusted() {
  static const Authority authority = make_authority("Trusted Test Authority");
  return authority;
}

const Authority& unknown() {
  static const Authority authority = make_authority("Unknown Test Authority");
  return authority;
}

std::string names_of(const CertificateWish& wish) {
  std::string names;
  for (const std::string& name : wish.dns_names) names.append(names.empty() ? "" : ",").append("DNS:").append(name);
  for (const std::string& address : wish.addresses) names.append(names.empty() ? "" : ",").append("IP:").append(address);
  return names;
}

template <typename Write>
std::string pem_of(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  write(memory.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string der_of(X509* certificate, std::uint8_t selector) {
  unsigned char* octets = nullptr;
  const int size = selector == 0 ? i2d_X509(certificate, &octets) : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &octets);
  std::string der(reinterpret_cast<const char*>(octets), static_cast<std::size_t>(size));
  OPENSSL_free(octets);
  return der;
}

}  // namespace

Certificate::Certificate(const CertificateWish& wish) : key_(make_key()) {
  certificate_ = begin_certificate(key_.get(), wish.common_name, wish.first_day, wish.last_day);
  const Authority* const authority = wish.issuer == Issuer::authority           ? &trusted()
                                     : wish.issuer == Issuer::unknown_authority ? &unknown()
                                                                                : nullptr;
  if (authority) issuer_ = authority->certificate;
  X509* const certificate = certificate_.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer_ ? issuer_.get() : certificate));
  add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE");
  if (const std::string names = names_of(wish); !names.empty()) add_extension(certificate, NID_subject_alt_name, names);
  X509_sign(certificate, authority ? authority->key.get() : key_.get(), EVP_sha256());
}

void Certificate::use(SSL_CTX* context) const {
  SSL_CTX_use_certificate(context, certificate_.get());
  SSL_CTX_use_PrivateKey(context, key_.get());
  if (issuer_) SSL_CTX_add1_chain_cert(context, issuer_.get());
}

mta::net::TlsaRecord Certificate::tlsa(std::uint8_t usage, std::uint8_t selector, std::uint8_t matching) const {
  X509* const shown = usage == 2 && issuer_ ? issuer_.get() : certificate_.get();
  std::string data = der_of(shown, selector);
  if (matching == 0) return {usage, selector, matching, std::move(data)};
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(data.data(), data.size(), digest, &size, matching == 1 ? EVP_sha256() : EVP_sha512(), nullptr);
  return {usage, selector, matching, std::string(reinterpret_cast<const char*>(digest), size)};
}

std::string Certificate::pem() const {
  return pem_of([&](BIO* memory) { PEM_write_bio_X509(memory, certificate_.get()); });
}

std::string Certificate::key_pem() const {
  return pem_of([&](BIO* memory) { PEM_write_bio_PrivateKey(memory, key_.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string authority_pem() {
  return pem_of([](BIO* memory) { PEM_write_bio_X509(memory, trusted().certificate.get()); });
}

std::shared_ptr<const mta::net::TrustAnchors> trusted_authority() { return mta::net::TrustAnchors::parse(authority_pem()).value(); }

}  // namespace mxpress::testing
