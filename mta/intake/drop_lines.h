// Names of waiting drop files: a line for each owner; owners take turns.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace mxpress::mta::intake {

// Thread: one. Holds at most kMost names, and one of each further owner: an owner without a waiting file always has room for one.
class DropLines {
 public:
  static constexpr std::size_t kOfOneOwner = 1000;
  static constexpr std::size_t kMost = 20'000;

  struct File {
    uid_t owner;
    std::string name;
    std::uint64_t octets;
  };
  // True: it waits, perhaps already before. False: there is no room for it.
  bool add(File file);
  // The next file of the next owner for whom `may` returns true.
  std::optional<File> next(const std::function<bool(uid_t)>& may);
  // Puts back the latest result of next(), which comes next again.
  void put_back(File file);
  // Removes all files of this owner.
  void forget(uid_t owner);
  bool empty() const { return lines_.empty(); }

 private:
  using Line = std::map<std::string, std::uint64_t>;  // octets by name
  using Lines = std::map<uid_t, Line>;
  void insert(File file);
  File take_first(Lines::iterator turn);

  Lines lines_;  // no empty ones
  std::size_t size_ = 0;
  uid_t latest_ = 0;  // owner of the last turn
};

}  // namespace mxpress::mta::intake
