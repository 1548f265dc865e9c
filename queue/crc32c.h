// CRC32C (Castagnoli), the checksum of every record of the spool.
#pragma once

#include <cstdint>
#include <string_view>

namespace mxpress::queue {

// Continues `crc` (0 to begin with) over `bytes`.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0);
// The same without processor support; for tests and other processors.
std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t crc = 0);

}  // namespace mxpress::queue
