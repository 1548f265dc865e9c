// Numbers, texts and times as octets of a record: numbers of 7 bits an octet, least significant first; texts behind their length.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/time.h"

namespace mxpress::mta::history {

inline constexpr std::size_t kMostText = 1000;  // octets of one text

// Appends to `out`, which must outlive it.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  void octet(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void fixed(std::uint64_t value, int octets) {
    for (int i = 0; i < octets; ++i) octet(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void number(std::uint64_t value) {
    for (; value > 127; value >>= 7) octet(static_cast<std::uint8_t>(value | 128));
    octet(static_cast<std::uint8_t>(value));
  }
  void text(std::string_view value) {
    value = value.substr(0, kMostText);
    number(value.size());
    out_ += value;
  }
  // The last value, which has the rest of the record.
  void rest(std::string_view value) { out_ += value; }
  void time(WallTime value) { number(static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.time_since_epoch().count()))); }

 private:
  std::string& out_;
};

// After octets that are missing or malformed ok() is false, and all further values are 0 or empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  std::uint8_t octet() {
    if (rest_.empty()) return fail();
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::uint64_t fixed(int octets) {
    std::uint64_t value = 0;
    for (int i = 0; i < octets; ++i) value |= std::uint64_t{octet()} << (8 * i);
    return value;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t part = octet();
      value |= std::uint64_t{part & 127u} << shift;
      if (part < 128) return value;
    }
    return fail();
  }
  std::string_view text() {
    const std::uint64_t size = number();
    if (size > rest_.size()) return fail(), std::string_view();
    const std::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
  }
  WallTime time() { return WallTime(Duration(static_cast<std::int64_t>(number() & (~std::uint64_t{0} >> 1)))); }

 private:
  std::uint8_t fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace mxpress::mta::history
