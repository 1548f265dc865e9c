// DMARC records: what receivers do with mail of a domain that neither SPF nor DKIM vouches for. RFC 9989. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mxpress::mta::records {

inline constexpr std::string_view kDmarcToPublish = "v=DMARC1; p=none";

// Whether it is a record of DMARC.
bool is_dmarc(std::string_view text);

// The names where a receiver looks for the record of a domain, in order: its own, then that of each domain above it, eight at most; of a
// longer name the first, then the last seven labels and above. RFC 9989 4.10
std::vector<std::string> dmarc_names(std::string_view domain);

// What an administrator should know of a record, one sentence each without a full stop: tags that RFC 9989 has no more, a missing policy.
std::vector<std::string> dmarc_warnings(std::string_view record);

}  // namespace mxpress::mta::records
