// PKCE by OpenSSL.
#include "mta/oauth/pkce.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <stdexcept>

#include "proto/encoding.h"

namespace mxpress::mta::oauth {
namespace {

constexpr std::size_t kOctets = 32;

// RFC 4648 5, without padding.
std::string base64url(std::string_view octets) {
  std::string text = proto::base64(octets);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

}  // namespace

std::string random_text() {
  unsigned char octets[kOctets];
  if (RAND_bytes(octets, sizeof octets) != 1) throw std::runtime_error("OpenSSL has no random numbers");
  return base64url({reinterpret_cast<const char*>(octets), sizeof octets});
}

std::string challenge_of(std::string_view verifier) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(verifier.data(), verifier.size(), digest, &size, EVP_sha256(), nullptr);
  return base64url({reinterpret_cast<const char*>(digest), size});
}

}  // namespace mxpress::mta::oauth
