// SPF records: which hosts may send mail for a domain. Parses the text of a record. RFC 7208 4.5, 4.6.1, 5, 6. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dns/address.h"

namespace mxpress::mta::spf {

inline constexpr int kMostLookups = 10;  // terms that cause DNS queries, of all records of an evaluation. RFC 7208 4.6.4
inline constexpr std::string_view kVersion = "v=spf1";

// True if the TXT record is an SPF record. RFC 7208 4.5
bool is_record(std::string_view text);
std::vector<std::string> records_of(const std::vector<std::string>& texts);

enum class TermKind { all, include, a, mx, ptr, ip4, ip6, exists, redirect, exp, other_modifier, unknown };

// A mechanism or a modifier: "-ip4:192.0.2.0/24", "include:spf.example.com", "redirect=spf.example.com".
struct Term {
  std::string text;                   // as in the record
  TermKind kind = TermKind::unknown;  // unknown: neither a mechanism of RFC 7208 nor a modifier
  char qualifier = '+';               // + - ~ ?
  std::string target;                 // domain-spec with its macros; empty: the domain of the record
  dns::Address network;               // ip4, ip6
  int prefix_v4 = 32, prefix_v6 = 128;
  std::string error;  // why receivers take the whole record for an error, without a full stop; empty: the term is well-formed

  // True if it counts against kMostLookups.
  bool asks_dns() const;
};

// The terms after "v=spf1", also those that are malformed.
std::vector<Term> terms_of(std::string_view record);
// The first error of the terms; redirect or exp twice is one, too (RFC 7208 6). Empty: the record is well-formed.
std::string error_of(const std::vector<Term>& terms);

// True if both are of one family and their first `prefix` bits are equal.
bool is_in(const dns::Address& address, const dns::Address& network, int prefix);

}  // namespace mxpress::mta::spf
