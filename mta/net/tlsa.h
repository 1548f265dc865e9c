// TLSA records: what a mail host's certificate or that of its authority is, by the DNS. RFC 6698 2.1, RFC 7671, RFC 7672 3.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mxpress::mta::net {

struct TlsaRecord {
  std::uint8_t usage = 3;     // 2: an authority's certificate, 3: the host's
  std::uint8_t selector = 1;  // 0: the certificate, 1: its public key
  std::uint8_t matching = 1;  // 0: as it is, 1: SHA-256, 2: SHA-512
  std::string data;           // octets
  auto operator<=>(const TlsaRecord&) const = default;
};

// Of the data of a record. One of fewer than three octets becomes a record of usage 255, which is not usable.
TlsaRecord parse_tlsa(std::string_view data);

// Why the record cannot be compared with a certificate; empty: it can. RFC 7672 3.1.3: SMTP does not use the usages 0 and 1. Data of
// another length than the digest has, or that is no certificate or key of a usual kind, says nothing. Reads a certificate or key at most.
std::string why_unusable(const TlsaRecord& record);
inline bool is_usable(const TlsaRecord& record) { return why_unusable(record).empty(); }

// The same for each record of a set. Of those that have a certificate or key as it stands (matching type 0) only the first kMostWhole are
// usable: each must be decoded, which takes 0.1 ms, and the owner of a domain may publish a hundred. Four are two kinds of key, each with
// its successor.
inline constexpr std::size_t kMostWhole = 4;
std::vector<std::string> why_unusable(const std::vector<TlsaRecord>& set);

// RFC 7671 9: of several usable records with the same usage and selector those with the weaker digest do not count, so that nobody can fall
// back on it. For each record: the one of `set` that puts it aside; null: none does. Pointers into `set`.
std::vector<const TlsaRecord*> set_aside_by(const std::vector<TlsaRecord>& set);

// "3 1 1 0123456789abcdef..."
std::string brief(const TlsaRecord& record);

}  // namespace mxpress::mta::net
