// Authorities from PEM, with OpenSSL.
#include "mta/net/trust_anchors.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

namespace mxpress::mta::net {
namespace {

using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;
using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string hex(const unsigned char* octets, unsigned size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < size; ++i) (text += kDigits[octets[i] >> 4]) += kDigits[octets[i] & 15];
  return text;
}

std::string digest_of(const X509* certificate) {
  Digest digest;
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  return hex(digest.data(), size);
}

std::string digest_of(const std::string& text) {
  Digest digest;
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return hex(digest.data(), size);
}

// True if the PEM reader has stopped at the end of the text.
bool is_at_end() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

}  // namespace

void TrustAnchors::Free::operator()(x509_store_st* store) const { X509_STORE_free(store); }

Result<std::shared_ptr<const TrustAnchors>> TrustAnchors::load(const boost::filesystem::path& file) {
  std::ifstream stream(file.string(), std::ios::binary);
  if (!stream) return Error::permanent("cannot read " + file.string() + ": " + std::strerror(errno));
  const std::string pem{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  auto anchors = parse(pem);
  if (!anchors) return Error::permanent(file.string() + ": " + anchors.error().message);
  return anchors;
}

Result<std::shared_ptr<const TrustAnchors>> TrustAnchors::parse(std::string_view pem) {
  const std::shared_ptr<TrustAnchors> anchors(new TrustAnchors());
  anchors->store_.reset(X509_STORE_new());
  const BioPtr input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  std::vector<std::string> digests;
  ERR_clear_error();
  while (const auto certificate = CertificatePtr(PEM_read_bio_X509(input.get(), nullptr, nullptr, nullptr), &X509_free)) {
    X509_STORE_add_cert(anchors->store_.get(), certificate.get());
    digests.push_back(digest_of(certificate.get()));
  }
  const bool is_whole = is_at_end();
  ERR_clear_error();
  if (!is_whole) return Error::permanent("a certificate is damaged");
  if (digests.empty()) return Error::permanent("there is no certificate");
  std::sort(digests.begin(), digests.end());
  digests.erase(std::unique(digests.begin(), digests.end()), digests.end());
  std::string all;
  for (const std::string& digest : digests) all += digest;
  anchors->digest_ = digest_of(all);
  return std::shared_ptr<const TrustAnchors>(anchors);
}

}  // namespace mxpress::mta::net
