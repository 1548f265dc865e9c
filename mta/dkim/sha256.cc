// Hashes with OpenSSL.
#include "mta/dkim/sha256.h"

#include <openssl/evp.h>

#include <stdexcept>

namespace mxpress::mta::dkim {
namespace {

// Fetched once: EVP_sha256() looks the algorithm up at each use.
const EVP_MD* algorithm() {
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> fetched(EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free);
  return fetched.get();
}

void check(int result) {
  if (result != 1) throw std::runtime_error("OpenSSL cannot compute SHA-256");
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) { check(context_ ? EVP_DigestInit_ex(context_.get(), algorithm(), nullptr) : 0); }

Sha256::Sha256(const Sha256& other) : context_(EVP_MD_CTX_new()) {
  check(context_ ? EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()) : 0);
}

void Sha256::feed(std::string_view text) { check(EVP_DigestUpdate(context_.get(), text.data(), text.size())); }

Digest Sha256::finish() {
  Digest digest{};
  check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
  return digest;
}

Digest sha256(std::string_view text) {
  Sha256 hash;
  hash.feed(text);
  return hash.finish();
}

}  // namespace mxpress::mta::dkim
