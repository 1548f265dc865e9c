// Finds records of the history on the disk.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "mta/history/key.h"
#include "queue/disk.h"

namespace mxpress::mta::history {

struct Query {
  std::vector<Key> keys;
  std::uint64_t from_segment = 0;      // earlier ones are not searched
  std::size_t most_of_segment = 1000;  // records of one key
};

struct Hit {
  std::size_t key = 0;  // index
  std::uint64_t segment = 0;
  const RecordView& record;  // during the call
};

// Reads what the recorder writes. Any thread; blocks. Holds some 130 KiB and one open segment, but nothing while `may_go_on` runs.
class Search {
 public:
  // `disk` must outlive it. `flush` makes the recorder write what it has.
  Search(
      queue::Disk& disk, queue::Path folder, std::function<void()> flush = [] {})
      : disk_(disk), folder_(std::move(folder)), flush_(std::move(flush)) {}

  // Calls `use` with each record that has one of the keys, the latest first, until it returns false. Of a record that fits several keys
  // `use` gets each. `may_go_on` gets units of work (control::WorkLimits), and ends the search by returning false; it may wait.
  Status run(const Query& query, const std::function<bool(const Hit&)>& use,
             const std::function<bool(std::uint64_t units)>& may_go_on) const;
  // What the history reaches back to; nullopt: it is empty.
  Result<std::optional<WallTime>> begin() const;

 private:
  queue::Disk& disk_;
  const queue::Path folder_;
  const std::function<void()> flush_;
};

}  // namespace mxpress::mta::history
