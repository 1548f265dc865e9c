// SHA-256 (FIPS 180-4), for names that must not collide; no secrets pass through it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace mxpress::proto {

std::array<std::uint8_t, 32> sha256(std::string_view text);
// The first `digits` (at most 64) of the hash in hexadecimal.
std::string sha256_hex(std::string_view text, std::size_t digits = 64);

}  // namespace mxpress::proto
