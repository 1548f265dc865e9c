// Leaves a field out of a DER sequence. X.690 8.1
#include "mta/net/tls_session_octets.h"

#include <openssl/asn1.h>

namespace mxpress::mta::net {

std::string without_certificate(const std::string& session) {
  constexpr int kNotDer = 0x81, kCertificate = 3;  // malformed, or of indefinite length
  const auto* at = reinterpret_cast<const unsigned char*>(session.data());
  const unsigned char* const end = at + session.size();
  long length = 0;
  int tag = 0, klass = 0;
  if ((ASN1_get_object(&at, &length, &tag, &klass, static_cast<long>(session.size())) & kNotDer) != 0 || tag != V_ASN1_SEQUENCE)
    return session;
  std::string fields;
  while (at < end) {
    const unsigned char* const begin = at;
    if ((ASN1_get_object(&at, &length, &tag, &klass, end - at) & kNotDer) != 0) return session;
    at += length;
    if (klass != V_ASN1_CONTEXT_SPECIFIC || tag != kCertificate) fields.append(begin, at);
  }
  const int count = static_cast<int>(fields.size());
  std::string result(static_cast<std::size_t>(ASN1_object_size(1, count, V_ASN1_SEQUENCE)) - fields.size(), '\0');
  auto* head = reinterpret_cast<unsigned char*>(result.data());
  ASN1_put_object(&head, 1, count, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
  return result + fields;
}

}  // namespace mxpress::mta::net
