// A reply in the form that rules are compared with.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/status.h"

namespace mxpress::mta::replies {

struct ReplyText {
  static constexpr std::size_t kMost = 2000;  // octets that are looked at

  int code = 0;                                   // 0: the text does not begin with one
  std::optional<proto::EnhancedStatus> status{};  // of the first line that has one, whether or not its class is that of the code
  // Lower case; lines joined and blanks reduced to one space; without the codes at the beginning of lines, without what stands in angle
  // brackets with an @, and without words that hold a mail address, also one with a quoted local part: a recipient at the domain of a block
  // list is not listed there, and his address may have words of its own.
  std::string words;
};

// `reply`: of HostResult::text, or lines as they came: "550-5.7.1 No\r\n550 5.7.1 Sorry".
ReplyText reply_text(std::string_view reply);

}  // namespace mxpress::mta::replies
