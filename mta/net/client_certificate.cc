// Parses certificates of this host from PEM, with OpenSSL.
#include "mta/net/client_certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <utility>

namespace mxpress::mta::net {
namespace {

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

constexpr int kMostOfChain = 10;

BioPtr reader(std::string_view pem) { return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free}; }

CertificatePtr next_certificate(BIO* input) { return {PEM_read_bio_X509(input, nullptr, nullptr, nullptr), &X509_free}; }

// Refuses keys with a passphrase without asking for one.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

struct ClientCertificate::Parts {
  CertificatePtr certificate{nullptr, &X509_free};
  KeyPtr key{nullptr, &EVP_PKEY_free};
  std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> chain{sk_X509_new_null(),
                                                                   [](STACK_OF(X509) * all) { sk_X509_pop_free(all, X509_free); }};
};

ClientCertificate::ClientCertificate(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ClientCertificate::~ClientCertificate() = default;

Result<std::shared_ptr<const ClientCertificate>> ClientCertificate::parse(std::string_view pem) {
  auto parts = std::make_unique<Parts>();
  const BioPtr certificates = reader(pem), keys = reader(pem);
  parts->certificate = next_certificate(certificates.get());
  while (auto other = next_certificate(certificates.get())) {
    sk_X509_push(parts->chain.get(), other.release());
    if (sk_X509_num(parts->chain.get()) > kMostOfChain) break;
  }
  parts->key.reset(PEM_read_bio_PrivateKey(keys.get(), nullptr, no_passphrase, nullptr));
  const bool fits = parts->certificate && parts->key && X509_check_private_key(parts->certificate.get(), parts->key.get()) == 1;
  ERR_clear_error();
  if (!parts->certificate) return Error::permanent("it has no certificate in PEM form");
  if (!parts->key) return Error::permanent("it has no private key in PEM form that can be read without a passphrase");
  if (!fits) return Error::permanent("the private key is not that of the first certificate");
  if (sk_X509_num(parts->chain.get()) > kMostOfChain)
    return Error::permanent("it has more than " + std::to_string(kMostOfChain + 1) + " certificates: those of the chain are enough");
  return std::shared_ptr<const ClientCertificate>(new ClientCertificate(std::move(parts)));
}

// The session keeps its own references.
bool ClientCertificate::show_in(ssl_st* session) const {
  return SSL_use_cert_and_key(session, parts_->certificate.get(), parts_->key.get(), parts_->chain.get(), 1) == 1;
}

}  // namespace mxpress::mta::net
