// TLSA records, with OpenSSL.
#include "mta/net/tlsa.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <memory>
#include <span>

#include "mta/net/certificate_message.h"

namespace mxpress::mta::net {
namespace {

constexpr std::size_t kHeadOctets = 3;  // usage, selector, matching type
constexpr std::uint8_t kPrivateUse = 255;
constexpr std::size_t kDigestOctets[] = {0, 32, 64};  // by matching type
constexpr std::size_t kBriefOctets = 8;

// What OpenSSL does with such data when it takes the record. Decoding costs no more than for the certificate of a handshake.
bool is_certificate_or_key(const TlsaRecord& record) {
  const auto* at = reinterpret_cast<const unsigned char*>(record.data.data());
  const std::span<const unsigned char> octets(at, record.data.size());
  const auto size = static_cast<long>(octets.size());
  const bool is_key = record.selector == 1;
  if (!(is_key ? excess_of_key(octets) : excess_of_certificate(octets)).empty()) return false;
  ERR_set_mark();
  bool is_one = false;
  if (is_key) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(d2i_PUBKEY(nullptr, &at, size), &EVP_PKEY_free);
    is_one = key != nullptr;
  } else {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(d2i_X509(nullptr, &at, size), &X509_free);
    is_one = certificate && X509_get0_pubkey(certificate.get());
  }
  ERR_pop_to_mark();
  return is_one && at == octets.data() + octets.size();
}

}  // namespace

TlsaRecord parse_tlsa(std::string_view data) {
  if (data.size() < kHeadOctets) return {kPrivateUse, kPrivateUse, kPrivateUse, std::string(data)};
  const auto octet = [data](std::size_t at) { return static_cast<std::uint8_t>(data[at]); };
  return {octet(0), octet(1), octet(2), std::string(data.substr(kHeadOctets))};
}

std::string why_unusable(const TlsaRecord& record) {
  if (record.usage < 2) return "usage " + std::to_string(record.usage) + " is not for mail";
  if (record.usage > 3 || record.selector > 1 || record.matching > 2) return "its kind is unknown";
  if (record.matching == 0) return is_certificate_or_key(record) ? "" : "its data is no certificate or key of a usual kind";
  const std::size_t octets = kDigestOctets[record.matching];
  if (record.data.size() == octets) return {};
  return "its data has " + std::to_string(record.data.size()) + " octets in place of " + std::to_string(octets);
}

std::vector<std::string> why_unusable(const std::vector<TlsaRecord>& set) {
  std::vector<std::string> reasons;
  std::size_t decoded = 0;
  for (const TlsaRecord& record : set) {
    const bool is_beyond = record.usage >= 2 && record.matching == 0 && ++decoded > kMostWhole;
    reasons.push_back(is_beyond ? "there are more than " + std::to_string(kMostWhole) + " without a digest" : why_unusable(record));
  }
  return reasons;
}

std::vector<const TlsaRecord*> set_aside_by(const std::vector<TlsaRecord>& set) {
  std::vector<const TlsaRecord*> stronger(set.size(), nullptr);
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (set[i].matching == 0) continue;  // no digest
    for (const TlsaRecord& other : set)
      if (other.usage == set[i].usage && other.selector == set[i].selector && other.matching > set[i].matching && is_usable(other))
        stronger[i] = &other;
  }
  return stronger;
}

std::string brief(const TlsaRecord& record) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t number : {record.usage, record.selector, record.matching}) text += std::to_string(number) + " ";
  for (const char c : std::string_view(record.data).substr(0, kBriefOctets)) {
    const auto octet = static_cast<unsigned char>(c);
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text + (record.data.size() > kBriefOctets ? "..." : "");
}

}  // namespace mxpress::mta::net
