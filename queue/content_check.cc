// Reads content and compares it with its checksum.
#include "queue/content_check.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "queue/crc32c.h"

namespace mxpress::queue {
namespace {

constexpr std::uint64_t kPiece = 256 * 1024;  // octets read at a time

}  // namespace

Status ContentCheck::step() {
  const auto size = content_.size(), end = std::min(size, at_ + kStep);
  std::string piece(static_cast<std::size_t>(std::min(end - at_, kPiece)), '\0');
  while (at_ < end) {
    const auto n = content_.read(at_, piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(end - at_, piece.size())));
    if (!n) return n.error();
    crc_ = crc32c(std::string_view(piece).substr(0, *n), crc_);
    at_ += *n;
  }
  if (at_ < size) return {};
  if (auto s = content_.verify_crc(crc_); !s) return s;
  is_done_ = true;
  return {};
}

}  // namespace mxpress::queue
