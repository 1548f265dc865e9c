// The id of a message in queue, logs, Received and on disk.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace mxpress::proto {

// 64 bits: the number of the daemon's start (24 bits, durable) and a counter (40 bits). Never repeats; sorts by age.
struct QueueId {
  std::uint64_t value = 0;

  auto operator<=>(const QueueId&) const = default;
  // 13 digits and capital letters without I, L, O, U (Crockford's base 32).
  std::string to_string() const;
  // In either case; exactly 13 characters.
  static std::optional<QueueId> parse(std::string_view text);
};

}  // namespace mxpress::proto

template <>
struct std::hash<mxpress::proto::QueueId> {
  std::size_t operator()(mxpress::proto::QueueId id) const noexcept { return id.value * 0x9E3779B97F4A7C15u; }
};
