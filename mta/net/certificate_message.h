// The Certificate and CertificateRequest messages of a handshake, before OpenSSL decodes them: what of them would cost too much. RFC 5246
// 7.4.2, 7.4.4; RFC 8446 4.3.2, 4.4.2; RFC 5280 4.1.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace mxpress::mta::net {

// A Certificate message with more is refused. Usual chains have 2 to 5 certificates of some 100 elements each, and 2 to 8 KiB; a name in
// subjectAltName is an element.
inline constexpr std::size_t kMaxCertificates = 10;
inline constexpr std::size_t kMaxCertificateOctets = 16 * 1024;
inline constexpr std::size_t kMaxCertificateElements = 1000;
// A longer CertificateRequest, or other message, is refused. The names of all authorities of a system have 15 KiB.
inline constexpr std::size_t kMaxRequestOctets = 32 * 1024;

enum class MessageForm { tls12, tls13 };

// Why it would cost too much to decode the certificates and to keep them; empty if it would not. Keys may be of RSA, P-256, P-384 and P-521
// (named, points uncompressed), Ed25519 and Ed448: others may take long already while OpenSSL decodes them. `body` is the message without
// its header. Takes a time proportional to its size.
std::string_view excess_of_certificates(std::span<const unsigned char> body, MessageForm form);

// Leaves the names of authorities out of a CertificateRequest, in its place and in its length: OpenSSL would keep each as an object (130
// octets for an empty name), and without a certificate of the client's nobody asks for them. False: the message is malformed.
[[nodiscard]] bool forget_authorities(std::span<unsigned char> body, MessageForm form);

}  // namespace mxpress::mta::net
