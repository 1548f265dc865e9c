// Lines of items in groups, one line for each owner: the owners of a group take turns.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "proto/share_owner.h"
#include "queue/indices.h"
#include "queue/slab.h"

namespace mxpress::queue {

// The neighbours of an item in its line. At an end of the line: the line itself, as a number with a mark.
struct LineLinks {
  std::uint32_t before, after;
};

// An item stands in the line of its owner in its group. A line is first in, first out, and exists while it has items. Items are numbers
// below 2^31; `LinksOf` gives the links of an item, which the caller stores. A group takes 4 octets, and each owner in it 32 more. All
// functions take constant time, and a group with a single owner needs no hash table. Thread: one.
template <class LinksOf>
class OwnerTurns {
 public:
  using Item = std::uint32_t;
  using Group = std::uint32_t;

  explicit OwnerTurns(LinksOf links_of) : links_of_(links_of), shared_(0, Hash{&lines_}, Equal{&lines_}) {}
  OwnerTurns(const OwnerTurns&) = delete;  // the hash set refers to the lines
  OwnerTurns& operator=(const OwnerTurns&) = delete;

  bool empty(Group group) const { return turn(group) == kNone; }
  // The line whose turn it is; kNone in an empty group.
  LineIndex turn(Group group) const { return group < turns_.size() ? turns_[group] : kNone; }
  // Gives the turn to the next owner. The group must not be empty.
  void pass_turn(Group group) { turns_[group] = lines_[turns_[group]].after; }
  // The lines of a group form a ring; a new line has its turn after all others.
  LineIndex before_in_turn(LineIndex line) const { return lines_[line].before; }

  const proto::ShareOwner& owner(LineIndex line) const { return lines_[line].owner; }
  Group group(LineIndex line) const { return lines_[line].group; }
  Item first(LineIndex line) const { return lines_[line].first; }
  Item last(LineIndex line) const { return lines_[line].last; }
  // Neighbours of an item in its line; kNone at its ends.
  Item before(Item item) const { return item_or_none(links_of_(item).before); }
  Item after(Item item) const { return item_or_none(links_of_(item).after); }

  // Adds the item at the end of its line. The line is new if it has no other item.
  LineIndex push_back(Group group, const proto::ShareOwner& owner, Item item) {
    LineIndex line = find(group, owner);
    if (line == kNone) line = add_line(group, owner);
    const std::uint32_t last = lines_[line].last;
    links_of_(item) = {last, kMark | line};
    (is_line(last) ? lines_[line].first : links_of_(last).after) = item;
    lines_[line].last = item;
    return line;
  }
  bool is_only(Item item) const { return is_line(links_of_(item).before) && is_line(links_of_(item).after); }
  // Returns the line if this was its only item, so that the line is gone; else kNone.
  LineIndex erase(Item item) {
    const auto [before, after] = links_of_(item);
    (is_line(before) ? lines_[before & ~kMark].first : links_of_(before).after) = after;
    (is_line(after) ? lines_[after & ~kMark].last : links_of_(after).before) = before;
    if (!is_line(before) || !is_line(after)) return kNone;
    remove_line(before & ~kMark);
    return before & ~kMark;
  }

 private:
  static constexpr std::uint32_t kMark = 0x80000000;
  static bool is_line(std::uint32_t link) { return (link & kMark) != 0; }
  static Item item_or_none(std::uint32_t link) { return is_line(link) ? kNone : link; }

  struct Line {
    [[no_unique_address]] proto::ShareOwner owner;
    Group group = kNone;
    Item first = kNone, last = kNone;
    LineIndex before = kNone, after = kNone;  // in the ring of its group; in an unused line: index of the next unused one
  };
  static_assert(sizeof(Line) <= 32);  // there may be a hundred thousand
  using Lines = Slab<Line, 64>;

  struct Key {
    Group group;
    const proto::ShareOwner& owner;
  };
  struct Hash {
    using is_transparent = void;
    const Lines* lines;
    std::size_t operator()(const Key& key) const { return hash_value(key.owner) ^ (key.group * std::size_t{0x9E3779B97F4A7C15}); }
    std::size_t operator()(LineIndex line) const { return (*this)(Key{(*lines)[line].group, (*lines)[line].owner}); }
  };
  struct Equal {
    using is_transparent = void;
    const Lines* lines;
    bool operator()(LineIndex a, LineIndex b) const { return a == b; }
    bool operator()(const Key& key, LineIndex line) const { return key.group == (*lines)[line].group && key.owner == (*lines)[line].owner; }
    bool operator()(LineIndex line, const Key& key) const { return (*this)(key, line); }
  };

  LineIndex find(Group group, const proto::ShareOwner& owner) const {
    const LineIndex line = turn(group);
    if (line == kNone || lines_[line].owner == owner) return line;
    if (lines_[line].after == line) return kNone;
    const auto found = shared_.find(Key{group, owner});
    return found == shared_.end() ? kNone : *found;
  }

  LineIndex add_line(Group group, const proto::ShareOwner& owner) {
    LineIndex line = free_;
    if (line == kNone) {
      line = static_cast<LineIndex>(lines_.size());
      lines_.push_back({});
    } else {
      free_ = lines_[line].after;
    }
    if (turns_.size() <= group) turns_.resize(group + 1, kNone);
    const LineIndex turn = turns_[group];
    const LineIndex last = turn == kNone ? line : lines_[turn].before;
    lines_[line] = {owner, group, kMark | line, kMark | line, last, turn == kNone ? line : turn};
    if (turn == kNone) {
      turns_[group] = line;
      return line;
    }
    if (last == turn) shared_.insert(turn);  // until now it was the only one
    shared_.insert(line);
    lines_[last].after = lines_[turn].before = line;
    return line;
  }

  void remove_line(LineIndex line) {
    const auto [before, after] = std::pair(lines_[line].before, lines_[line].after);
    LineIndex& turn = turns_[lines_[line].group];
    if (after == line) {
      turn = kNone;
    } else {
      shared_.erase(line);
      if (before == after) shared_.erase(after);  // now it is the only one
      lines_[before].after = after;
      lines_[after].before = before;
      if (turn == line) turn = after;
    }
    lines_[line].after = std::exchange(free_, line);
  }

  LinksOf links_of_;
  Lines lines_;
  LineIndex free_ = kNone;
  std::vector<LineIndex> turns_;                              // of each group: the line that has its turn
  boost::unordered_flat_set<LineIndex, Hash, Equal> shared_;  // lines of groups with several owners
};

}  // namespace mxpress::queue
