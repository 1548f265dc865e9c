// The Certificate and CertificateRequest messages of a handshake, before OpenSSL decodes them: finds messages that would cost too much. RFC
// 5246 7.4.2, 7.4.4; RFC 8446 4.3.2, 4.4.2; RFC 5280 4.1.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace mxpress::mta::net {

// Limits of a Certificate message; one over them is refused. Usual chains have 2 to 5 certificates of some 100 elements each, and 2 to 8
// KiB; a name in subjectAltName is an element.
inline constexpr std::size_t kMaxCertificates = 10;
inline constexpr std::size_t kMaxCertificateOctets = 16 * 1024;
inline constexpr std::size_t kMaxCertificateElements = 1000;
// A longer CertificateRequest, or other message, is refused. The names of all authorities of a system take 15 KiB.
inline constexpr std::size_t kMaxRequestOctets = 32 * 1024;

enum class MessageForm { tls12, tls13 };

// The reason why the certificates would cost too much to decode and keep; empty if they would not. Keys may be of RSA, P-256, P-384 and
// P-521 (named, points uncompressed), Ed25519 and Ed448: others may already take long while OpenSSL decodes them. `body` is the message
// without its header. Takes time proportional to its size.
std::string_view excess_of_certificates(std::span<const unsigned char> body, MessageForm form);

// The same for one certificate, and for one public key (SubjectPublicKeyInfo), in DER.
std::string_view excess_of_certificate(std::span<const unsigned char> octets);
std::string_view excess_of_key(std::span<const unsigned char> octets);

// Removes the names of authorities from a CertificateRequest, in place and without changing its length: OpenSSL would keep each as an
// object (130 octets for an empty name), and they are needed only to choose a client certificate. False: the message is malformed.
[[nodiscard]] bool forget_authorities(std::span<unsigned char> body, MessageForm form);

}  // namespace mxpress::mta::net
