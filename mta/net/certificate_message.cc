// Estimates the cost of certificates without decoding them, with the header reader of OpenSSL's own ASN.1.
#include "mta/net/certificate_message.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace mxpress::mta::net {
namespace {

using Octets = std::span<const unsigned char>;

constexpr int kMaxDepth = 30;  // OpenSSL's own limit for nested types
constexpr unsigned char kUncompressed = 4;
constexpr std::size_t kAuthorities = 47;
constexpr unsigned char kUnknownExtension = 0xfa;  // RFC 8701: 0xfafa is never assigned

constexpr std::string_view kMalformed = "malformed";
constexpr std::string_view kTooLong = "more than 16 KiB";
constexpr std::string_view kTooManyElements = "too many names and other parts";
constexpr std::string_view kOddKey = "a key neither of RSA nor on a usual curve";

// Clears the errors that malformed elements leave in OpenSSL's queue, where the session would find them.
struct ErrorsForgotten {
  ErrorsForgotten() { ERR_set_mark(); }
  ~ErrorsForgotten() { ERR_pop_to_mark(); }
};

// Removes vectors of TLS from the front, each preceded by its length in `length_octets` octets.
class Vectors {
 public:
  explicit Vectors(Octets octets) : rest_(octets) {}
  bool is_empty() const { return rest_.empty(); }
  std::optional<Octets> next(std::size_t length_octets) {
    if (rest_.size() < length_octets) return std::nullopt;
    std::size_t length = 0;
    for (const unsigned char octet : rest_.first(length_octets)) length = length << 8 | octet;
    if (rest_.size() - length_octets < length) return std::nullopt;
    const Octets content = rest_.subspan(length_octets, length);
    rest_ = rest_.subspan(length_octets + length);
    return content;
  }

 private:
  Octets rest_;
};

struct Element {
  int tag = 0;
  int tag_class = 0;
  bool is_constructed = false;
  Octets content;

  bool is(int wanted) const { return tag_class == V_ASN1_UNIVERSAL && tag == wanted; }
};

// Removes the first element. Nullopt if there is none, or one of indefinite length.
std::optional<Element> take_element(Octets& octets) {
  const unsigned char* at = octets.data();
  long length = 0;
  Element element;
  const int form = ASN1_get_object(&at, &length, &element.tag, &element.tag_class, static_cast<long>(octets.size()));
  if ((form & ~V_ASN1_CONSTRUCTED) != 0) return std::nullopt;
  element.is_constructed = form == V_ASN1_CONSTRUCTED;
  element.content = {at, static_cast<std::size_t>(length)};
  octets = octets.subspan(static_cast<std::size_t>(at - octets.data()) + element.content.size());
  return element;
}

std::optional<Octets> take(Octets& octets, int tag) {
  const auto element = take_element(octets);
  return element && element->is(tag) ? std::optional(element->content) : std::nullopt;
}

// Counts nested elements, also those in octet strings, such as values of extensions. Stops at `most` plus one.
std::size_t count_elements(Octets octets, std::size_t most, int depth) {
  std::size_t count = 0;
  while (!octets.empty() && count <= most) {
    const auto element = take_element(octets);
    if (!element) break;
    ++count;
    if (!element->is_constructed && !element->is(V_ASN1_OCTET_STRING)) continue;
    if (depth == kMaxDepth) return most + 1;
    count += count_elements(element->content, most - std::min(most, count), depth + 1);
  }
  return std::min(count, most + 1);
}

bool is_object(Octets octets, int nid) {
  const ASN1_OBJECT* object = OBJ_nid2obj(nid);
  return std::equal(octets.begin(), octets.end(), OBJ_get0_data(object), OBJ_get0_data(object) + OBJ_length(object));
}

bool is_any_object(Octets octets, std::initializer_list<int> nids) {
  return std::any_of(nids.begin(), nids.end(), [octets](int nid) { return is_object(octets, nid); });
}

// RFC 5480 2: the curve by name, and a point behind the octet that counts unused bits.
bool is_usual_curve(Octets parameters, Octets point) {
  const auto curve = take(parameters, V_ASN1_OBJECT);
  return curve && parameters.empty() && is_any_object(*curve, {NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1}) && point.size() > 1 &&
         point[0] == 0 && point[1] == kUncompressed;
}

bool is_usual_key(Octets key) {
  auto algorithm = take(key, V_ASN1_SEQUENCE);
  const auto bits = take_element(key);
  if (!algorithm || !bits || !bits->is(V_ASN1_BIT_STRING) || bits->is_constructed) return false;
  const auto kind = take(*algorithm, V_ASN1_OBJECT);
  if (!kind) return false;
  if (is_object(*kind, NID_X9_62_id_ecPublicKey)) return is_usual_curve(*algorithm, bits->content);
  return is_any_object(*kind, {NID_rsaEncryption, NID_rsassaPss, NID_ED25519, NID_ED448});
}

// RFC 5280 4.1: the key follows version, serial number, algorithm, issuer, validity and subject; version 1 is not encoded.
std::optional<Octets> key_of(Octets octets) {
  auto certificate = take(octets, V_ASN1_SEQUENCE);
  if (!certificate || !octets.empty()) return std::nullopt;
  auto signed_part = take(*certificate, V_ASN1_SEQUENCE);
  if (!signed_part) return std::nullopt;
  auto element = take_element(*signed_part);
  if (element && element->tag_class == V_ASN1_CONTEXT_SPECIFIC) element = take_element(*signed_part);
  for (const int tag : {V_ASN1_INTEGER, V_ASN1_SEQUENCE, V_ASN1_SEQUENCE, V_ASN1_SEQUENCE, V_ASN1_SEQUENCE}) {
    if (!element || !element->is(tag)) return std::nullopt;
    element = take_element(*signed_part);
  }
  return element && element->is(V_ASN1_SEQUENCE) ? std::optional(element->content) : std::nullopt;
}

std::string_view excess_of_its_key(Octets certificate) {
  const auto key = key_of(certificate);
  if (!key) return kMalformed;
  return is_usual_key(*key) ? std::string_view() : kOddKey;
}

void put_vector(std::vector<unsigned char>& octets, std::size_t length_octets, Octets content, std::size_t fill) {
  const std::size_t length = content.size() + fill;
  for (std::size_t i = length_octets; i-- > 0;) octets.push_back(static_cast<unsigned char>(length >> (8 * i)));
  octets.insert(octets.end(), content.begin(), content.end());
  octets.insert(octets.end(), fill, 0);
}

// The space of the names is given to the signature types, which have two octets each, and an odd octet to the certificate types.
bool forget_in_tls12(std::span<unsigned char> body) {
  Vectors vectors(body);
  const auto certificates = vectors.next(1);
  const auto signatures = vectors.next(2);
  const auto authorities = vectors.next(2);
  if (!certificates || !signatures || !authorities || !vectors.is_empty()) return false;
  const std::size_t odd = authorities->size() % 2;
  if (certificates->size() + odd > 0xff) return false;
  std::vector<unsigned char> octets;
  put_vector(octets, 1, *certificates, odd);
  put_vector(octets, 2, *signatures, authorities->size() - odd);
  put_vector(octets, 2, {}, 0);
  std::copy(octets.begin(), octets.end(), body.begin());
  return true;
}

// RFC 8446 4.3.2: unknown extensions are ignored.
bool forget_in_tls13(std::span<unsigned char> body) {
  Vectors vectors(body);
  const auto context = vectors.next(1);
  const auto extensions = vectors.next(2);
  if (!context || !extensions || !vectors.is_empty()) return false;
  std::size_t at = static_cast<std::size_t>(extensions->data() - body.data());
  while (body.size() - at >= 4) {
    const std::size_t type = static_cast<std::size_t>(body[at]) << 8 | body[at + 1];
    if (type == kAuthorities) body[at] = body[at + 1] = kUnknownExtension;
    const std::size_t length = static_cast<std::size_t>(body[at + 2]) << 8 | body[at + 3];
    if (body.size() - at - 4 < length) return false;
    at += 4 + length;
  }
  return at == body.size();
}

}  // namespace

std::string_view excess_of_certificates(Octets body, MessageForm form) {
  const ErrorsForgotten errors_of_this;
  if (body.size() > kMaxCertificateOctets) return kTooLong;
  Vectors message(body);
  if (form == MessageForm::tls13 && !message.next(1)) return kMalformed;
  const auto list = message.next(3);
  if (!list || !message.is_empty()) return kMalformed;
  Vectors entries(*list);
  std::size_t elements = 0;
  for (std::size_t count = 1; !entries.is_empty(); ++count) {
    if (count > kMaxCertificates) return "more than 10";
    const auto certificate = entries.next(3);
    if (!certificate || (form == MessageForm::tls13 && !entries.next(2))) return kMalformed;
    elements += count_elements(*certificate, kMaxCertificateElements, 1);
    if (elements > kMaxCertificateElements) return kTooManyElements;
    if (const std::string_view excess = excess_of_its_key(*certificate); !excess.empty()) return excess;
  }
  return {};
}

std::string_view excess_of_certificate(Octets octets) {
  const ErrorsForgotten errors_of_this;
  if (octets.size() > kMaxCertificateOctets) return kTooLong;
  if (count_elements(octets, kMaxCertificateElements, 1) > kMaxCertificateElements) return kTooManyElements;
  return excess_of_its_key(octets);
}

std::string_view excess_of_key(Octets octets) {
  const ErrorsForgotten errors_of_this;
  if (octets.size() > kMaxCertificateOctets) return kTooLong;
  const auto key = take(octets, V_ASN1_SEQUENCE);
  if (!key || !octets.empty()) return kMalformed;
  return is_usual_key(*key) ? std::string_view() : kOddKey;
}

bool forget_authorities(std::span<unsigned char> body, MessageForm form) {
  if (body.size() > kMaxRequestOctets) return false;
  return form == MessageForm::tls12 ? forget_in_tls12(body) : forget_in_tls13(body);
}

}  // namespace mxpress::mta::net
