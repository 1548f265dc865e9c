// Names of drop files that wait to be taken in: a line for each owner, and owners take turns.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace mxpress::mta::intake {

// Thread: one. Holds at most kMost names, and one of each further owner: who has none waiting always has room for one.
class DropLines {
 public:
  static constexpr std::size_t kOfOneOwner = 1000;
  static constexpr std::size_t kMost = 20'000;

  struct File {
    uid_t owner;
    std::string name;
    std::uint64_t octets;
  };
  // True: it waits, perhaps since before. False: there is no room for it.
  bool add(File file);
  // The next owner's next file.
  std::optional<File> next();
  // The latest of next() is the next one once more.
  void put_back(File file);
  // None of this owner's waits any more.
  void forget(uid_t owner);
  bool empty() const { return lines_.empty(); }

 private:
  using Line = std::map<std::string, std::uint64_t>;  // octets by name
  void insert(File file);

  std::map<uid_t, Line> lines_;  // none is empty
  std::size_t size_ = 0;
  uid_t latest_ = 0;  // whose turn was the last one
};

}  // namespace mxpress::mta::intake
