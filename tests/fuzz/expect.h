// Shared by the fuzz targets: their input as text, and properties that must hold for every input.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

inline void expect(bool property) {
  if (!property) std::abort();
}

// True without octets that could end a line, steer a terminal, or be read differently in another character set.
inline bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 32 && c < 127; });
}

// Takes a number from the front of the input; targets use it to cut the rest into pieces.
inline std::size_t take_number(std::string_view& text) {
  if (text.empty()) return 1;
  const auto number = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  return number + 1u;
}
