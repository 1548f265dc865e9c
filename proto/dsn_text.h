// The human-readable part of a notice.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "proto/dsn.h"

namespace mxpress::proto {

// The recipients that the notice lists.
std::span<const NoticeRecipient> listed(const Notice& notice);
std::size_t count_not_listed(const Notice& notice);
// A summary, the reason, advice, and then the details of each listed recipient; UTF-8 unless is_ascii().
std::string notice_text(const Notice& notice);
std::string notice_subject(const Notice& notice);

// The status to report: that of the result, else the closest one to the action.
EnhancedStatus reported_status(const NoticeRecipient& recipient);

}  // namespace mxpress::proto
