// Names in the directory of the spool.
#include "queue/paths.h"

#include <cstdio>

namespace mxpress::queue {

Path Paths::folder(QueueId id) const {
  constexpr char digits[] = "0123456789abcdef";
  const auto low = id.value & 0xFF;
  return messages() / std::string{digits[low >> 4], digits[low & 15]};
}

Path segment_path(const Path& folder, std::uint32_t number) {
  char name[32];
  std::snprintf(name, sizeof name, "%010u.log", number);
  return folder / name;
}

std::optional<std::uint32_t> segment_number(std::string_view name) {
  if (name.size() != 14 || name.substr(10) != ".log") return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : name.substr(0, 10)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (number == 0 || number > UINT32_MAX) return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

}  // namespace mxpress::queue
