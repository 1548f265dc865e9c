// Queue identifiers as text: Crockford's base 32.
#include "proto/queue_id.h"

namespace mxpress::proto {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kLength = 13;

}  // namespace

std::string QueueId::to_string() const {
  std::string text(kLength, '0');
  std::uint64_t rest = value;
  for (std::size_t i = kLength; i-- > 0; rest >>= 5) text[i] = kDigits[rest & 31];
  return text;
}

std::optional<QueueId> QueueId::parse(std::string_view text) {
  if (text.size() != kLength) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    const char capital = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    const auto digit = kDigits.find(capital);
    // 13 digits are 65 bits: the first digit must not use the highest bit.
    if (digit == std::string_view::npos || value >> 59 != 0) return std::nullopt;
    value = value << 5 | digit;
  }
  return QueueId{value};
}

}  // namespace mxpress::proto
