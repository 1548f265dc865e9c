// Names and their numbers: each name is kept once, and has the same number for the life of the table.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "queue/slab.h"
#include "queue/small_text.h"

namespace mxpress::queue {

class NameTable {
 public:
  NameTable() : numbers_(0, Hash{&names_}, Equal{&names_}) {}
  NameTable(const NameTable&) = delete;  // its hash knows where the names are
  NameTable& operator=(const NameTable&) = delete;

  // Of a name that is not known yet: the next.
  std::uint32_t number(std::string_view name) {
    if (const auto found = numbers_.find(name); found != numbers_.end()) return *found;
    names_.push_back(SmallText(name));
    return *numbers_.insert(size() - 1).first;
  }
  std::optional<std::uint32_t> find(std::string_view name) const {
    const auto found = numbers_.find(name);
    return found == numbers_.end() ? std::nullopt : std::optional(*found);
  }
  // Lives as long as the table.
  std::string_view name(std::uint32_t number) const { return names_[number].view(); }
  std::uint32_t size() const { return static_cast<std::uint32_t>(names_.size()); }

 private:
  using Names = Slab<SmallText>;
  struct Hash {
    using is_transparent = void;
    const Names* names;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
    std::size_t operator()(std::uint32_t number) const { return (*this)((*names)[number].view()); }
  };
  struct Equal {
    using is_transparent = void;
    const Names* names;
    bool operator()(std::uint32_t a, std::uint32_t b) const { return a == b; }
    bool operator()(std::string_view a, std::uint32_t b) const { return a == (*names)[b].view(); }
    bool operator()(std::uint32_t a, std::string_view b) const { return (*names)[a].view() == b; }
  };

  Names names_;
  boost::unordered_flat_set<std::uint32_t, Hash, Equal> numbers_;
};

}  // namespace mxpress::queue
