// SPF records: the hosts that may send mail for a domain. RFC 7208. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dns/address.h"

namespace mxpress::mta::records {

inline constexpr int kMostSpfLookups = 10;  // RFC 7208 4.6.4

// True if it is an SPF record, and not another TXT record. RFC 7208 4.5
bool is_spf(std::string_view text);
std::vector<std::string> spf_records_of(const std::vector<std::string>& texts);

// One part of a record: "-ip4:192.0.2.0/24", "include:spf.example.com", "redirect=spf.example.com".
struct SpfTerm {
  std::string text;      // as in the record
  char qualifier = '+';  // + - ~ ?
  std::string name;      // lower case: "all", "ip4", "redirect"
  std::string value;     // after ':' or '='; with the prefix lengths
  bool is_modifier = false;
};
// The terms after "v=spf1".
std::vector<SpfTerm> spf_terms(std::string_view record);

// "ip4:192.0.2.1", "ip6:2001:db8::1".
std::string spf_mechanism(const dns::Address& address);

struct SpfMerge {
  std::string text;                   // the record to publish, instead of all existing ones
  std::vector<std::string> warnings;  // for people, one sentence each, without a full stop
};
// The domain's records with these mechanisms added in front: nothing of theirs is dropped, except repetitions if there is more than one
// record. Without a record and without `missing` there is nothing to publish.
SpfMerge merge_spf(const std::vector<std::string>& records, const std::vector<std::string>& missing);

// True if the address is in this network; prefixes beyond its length count as its length.
bool is_in(const dns::Address& address, const dns::Address& network, int prefix);

}  // namespace mxpress::mta::records
