// Which SPF record a domain is to publish: the one it has, with what this host needs. RFC 7208. Pure.
#pragma once

#include <string>
#include <vector>

#include "dns/address.h"

namespace mxpress::mta::records {

// "ip4:192.0.2.1", "ip6:2001:db8::1".
std::string spf_mechanism(const dns::Address& address);

struct SpfMerge {
  std::string text;                   // the record to publish, instead of all existing ones
  std::vector<std::string> warnings;  // for people, one sentence each, without a full stop
};
// The domain's records with these mechanisms added in front: nothing of theirs is dropped, except repetitions if there is more than one
// record. Without a record and without `missing` there is nothing to publish.
SpfMerge merge_spf(const std::vector<std::string>& records, const std::vector<std::string>& missing);

}  // namespace mxpress::mta::records
