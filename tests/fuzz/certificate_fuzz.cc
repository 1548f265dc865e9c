// Fuzzes Certificate and CertificateRequest messages: an accepted message has no key that would be costly for OpenSSL to decode.
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>
#include <string>
#include <vector>

#include "mta/net/certificate_message.h"
#include "tests/fuzz/expect.h"

namespace {

using mxpress::mta::net::MessageForm;
using Octets = std::span<const unsigned char>;

std::string text_parameter(const EVP_PKEY* key, const char* name) {
  std::array<char, 80> text{};
  std::size_t size = 0;
  return EVP_PKEY_get_utf8_string_param(key, name, text.data(), text.size(), &size) == 1 ? text.data() : "";
}

void expect_usual_key(Octets certificate) {
  const unsigned char* at = certificate.data();
  X509* decoded = d2i_X509(nullptr, &at, static_cast<long>(certificate.size()));
  const EVP_PKEY* key = decoded ? X509_get0_pubkey(decoded) : nullptr;
  if (key) expect(EVP_PKEY_get_base_id(key) != EVP_PKEY_DSA && EVP_PKEY_get_base_id(key) != EVP_PKEY_DH);
  if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
    const std::string curve = text_parameter(key, OSSL_PKEY_PARAM_GROUP_NAME);
    expect(curve == "prime256v1" || curve == "secp384r1" || curve == "secp521r1");
    expect(text_parameter(key, OSSL_PKEY_PARAM_EC_ENCODING) == OSSL_PKEY_EC_ENCODING_GROUP);
    expect(text_parameter(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT) == OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED);
  }
  X509_free(decoded);
  ERR_clear_error();
}

std::size_t length_at(Octets octets) {
  return static_cast<std::size_t>(octets[0]) << 16 | static_cast<std::size_t>(octets[1]) << 8 | octets[2];
}

void check_certificates(Octets body, MessageForm form) {
  const bool is_taken = mxpress::mta::net::excess_of_certificates(body, form).empty();
  expect(ERR_peek_error() == 0);
  if (!is_taken) return;
  std::size_t count = 0;
  for (Octets rest = body.subspan(form == MessageForm::tls12 ? 3 : 4 + body[0]); !rest.empty(); ++count) {
    const std::size_t length = length_at(rest);
    expect_usual_key(rest.subspan(3, length));
    rest = rest.subspan(3 + length);
    if (form == MessageForm::tls13) rest = rest.subspan(2 + (static_cast<std::size_t>(rest[0]) << 8 | rest[1]));
  }
  expect(count <= mxpress::mta::net::kMaxCertificates);
}

void check_request(Octets body, MessageForm form) {
  std::vector<unsigned char> octets(body.begin(), body.end());
  if (!mxpress::mta::net::forget_authorities(octets, form)) return;
  const std::vector<unsigned char> once = octets;
  expect(mxpress::mta::net::forget_authorities(octets, form) && octets == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const MessageForm form : {MessageForm::tls12, MessageForm::tls13}) {
    check_certificates({data, size}, form);
    check_request({data, size}, form);
  }
  return 0;
}
