// RFC 3463 enhanced mail system status codes.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace mxpress::proto {

// "5.1.1": class 2, 4 or 5; subject and detail 0 to 999.
struct EnhancedStatus {
  int klass = 0;
  int subject = 0;
  int detail = 0;

  auto operator<=>(const EnhancedStatus&) const = default;
  bool is_permanent() const { return klass == 5; }
  std::string to_string() const;

  // Exactly "c.sss.ddd"; nothing before or after it. RFC 3463 2.
  static std::optional<EnhancedStatus> parse(std::string_view text);
};

// The meaning of the code in the reply of a mail host, in plain words for people who are not mail experts; never empty. RFC 3463 3, RFC
// 7505, RFC 7372. For a whole result: explain() in proto/explanation.h.
std::string_view plain_words(EnhancedStatus status);

}  // namespace mxpress::proto
