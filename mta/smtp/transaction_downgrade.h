// Content that may not be sent as it is: 8-bit for a host without 8BITMIME, lines over 998 octets for any host. RFC 6152 3, RFC 5321
// 4.5.3.1.6.
#pragma once

#include <memory>

#include "mta/smtp/client.h"

namespace mxpress::mta::smtp {

// Conversion holds the content and its result in memory: larger content is not converted.
inline constexpr std::uint64_t kMaxConverted = 64u << 20;

// A message in another transfer encoding, in memory.
struct Converted {
  std::unique_ptr<DataSource> data;
  proto::BodyType body = proto::BodyType::seven_bit;
};

// The same message with 7 bits only, or with no line over 998 octets. A permanent Error where that would break it or it is too large, a
// transient one where it cannot be read. `data` is not needed afterwards.
Task<Result<Converted>> downgrade(DataSource& data);
Task<Result<Converted>> shorten_lines(DataSource& data);

}  // namespace mxpress::mta::smtp
