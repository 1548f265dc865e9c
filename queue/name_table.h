// Names and their numbers: each name is stored once, and keeps its number until it is forgotten.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "proto/text_hash.h"
#include "queue/slab.h"
#include "queue/small_text.h"

namespace mxpress::queue {

class NameTable {
 public:
  NameTable() : numbers_(0, Hash{&names_}, Equal{&names_}) {}
  NameTable(const NameTable&) = delete;  // its hash set refers to the names
  NameTable& operator=(const NameTable&) = delete;

  // An unknown name gets the number of a forgotten name, or the next number.
  std::uint32_t number(std::string_view name) {
    if (const auto found = numbers_.find(name); found != numbers_.end()) return *found;
    if (free_.empty()) {
      names_.push_back(SmallText(name));
      return *numbers_.insert(size() - 1).first;
    }
    const std::uint32_t number = free_.back();
    free_.pop_back();
    names_[number] = SmallText(name);
    return *numbers_.insert(number).first;
  }
  // The number is free until number() gives it to another name.
  void forget(std::uint32_t number) {
    numbers_.erase(number);
    names_[number] = {};
    free_.push_back(number);
  }
  std::optional<std::uint32_t> find(std::string_view name) const {
    const auto found = numbers_.find(name);
    return found == numbers_.end() ? std::nullopt : std::optional(*found);
  }
  // Valid until it is forgotten; empty afterwards.
  std::string_view name(std::uint32_t number) const { return names_[number].view(); }
  // One more than the largest number so far.
  std::uint32_t size() const { return static_cast<std::uint32_t>(names_.size()); }
  // The number of names.
  std::uint32_t count() const { return size() - static_cast<std::uint32_t>(free_.size()); }

 private:
  using Names = Slab<SmallText>;
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    const Names* names;
    std::size_t operator()(std::string_view name) const { return proto::TextHash()(name); }
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
  std::vector<std::uint32_t> free_;
};

}  // namespace mxpress::queue
