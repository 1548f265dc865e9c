// DMARC records: the policy for mail of a domain that passes neither SPF nor DKIM. RFC 9989. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mxpress::mta::records {

inline constexpr std::string_view kDmarcToPublish = "v=DMARC1; p=none";

// True if it is a DMARC record.
bool is_dmarc(std::string_view text);

// The value of a tag such as "p" or "adkim"; empty: the record has none.
std::string dmarc_tag(std::string_view record, const std::string& tag);

// The names at which a receiver looks for the record of a domain, in order: its own, then that of each parent domain, eight at most; for a
// longer name the first, then the last seven labels and above. RFC 9989 4.10
std::vector<std::string> dmarc_names(std::string_view domain);

// Warnings about a record for the administrator, one sentence each without a full stop: tags removed in RFC 9989, a missing policy.
std::vector<std::string> dmarc_warnings(std::string_view record);

}  // namespace mxpress::mta::records
