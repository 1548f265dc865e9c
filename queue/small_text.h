// An immutable text for use in large numbers: a pointer, four octets beside its characters, and no memory if it is empty.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "proto/text_hash.h"

namespace mxpress::queue {

class SmallText {
 public:
  SmallText() = default;
  explicit SmallText(std::string_view text) {
    if (text.empty()) return;
    const auto size = static_cast<std::uint32_t>(text.size());
    octets_ = std::make_unique_for_overwrite<char[]>(sizeof size + size);
    std::memcpy(octets_.get(), &size, sizeof size);
    std::memcpy(octets_.get() + sizeof size, text.data(), size);
  }

  // Valid as long as this object, also after it is moved.
  std::string_view view() const {
    if (empty()) return {};
    std::uint32_t size;
    std::memcpy(&size, octets_.get(), sizeof size);
    return {octets_.get() + sizeof size, size};
  }
  bool empty() const { return !octets_; }

 private:
  std::unique_ptr<char[]> octets_;
};

struct SmallTextHash {
  using is_transparent = void;
  using is_avalanching = void;
  std::size_t operator()(std::string_view text) const { return proto::TextHash()(text); }
  std::size_t operator()(const SmallText& text) const { return (*this)(text.view()); }
};

struct SmallTextEqual {
  using is_transparent = void;
  bool operator()(const SmallText& a, const SmallText& b) const { return a.view() == b.view(); }
  bool operator()(std::string_view a, const SmallText& b) const { return a == b.view(); }
  bool operator()(const SmallText& a, std::string_view b) const { return a.view() == b; }
};

// Lookup takes a std::string_view; a new key needs a SmallText.
template <class Value>
using SmallTextMap = boost::unordered_flat_map<SmallText, Value, SmallTextHash, SmallTextEqual>;

}  // namespace mxpress::queue
