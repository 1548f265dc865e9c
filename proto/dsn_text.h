// The human-readable part of a notice, and line wrapping.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "proto/dsn.h"

namespace mxpress::proto {

// One paragraph in lines of about 76 octets (never over 998) with CRLF, each after the first behind `indent`; runs of spaces become one.
// With the indent " " this is the folding of RFC 5322 2.2.3.
std::string wrapped(std::string_view paragraph, std::string_view indent);

// The recipients that the notice lists.
std::span<const NoticeRecipient> listed(const Notice& notice);
std::size_t count_not_listed(const Notice& notice);
// A summary, the reason, advice, and then the details of each listed recipient.
std::string notice_text(const Notice& notice);
std::string_view notice_subject(const Notice& notice);

// The status to report: that of the result, else the closest one to the action.
EnhancedStatus reported_status(const NoticeRecipient& recipient);

}  // namespace mxpress::proto
