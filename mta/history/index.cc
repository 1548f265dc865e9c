// Sorts by runs that are merged, so that memory stays small. An entry has 40 bits of hash above 24 of offset. The file begins with a table
// that says for the first 12 bits of each hash how many entries are below it.
#include "mta/history/index.h"

#include <algorithm>
#include <bit>
#include <queue>
#include <string>
#include <utility>

#include "mta/history/key.h"
#include "mta/history/segment.h"

namespace mxpress::mta::history {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they are in memory");

constexpr unsigned kOffsetBits = 24, kTableBits = 12;
constexpr std::size_t kTable = (1u << kTableBits) + 1;  // numbers of 4 octets
constexpr std::uint64_t kEntries = kTable * 4 + 4;      // where the entries begin
constexpr std::size_t kRun = 16 * 1024;                 // entries sorted at a time: 128 KiB
constexpr std::size_t kPiece = 64, kPage = 512;         // entries read at a time: of each run; of an index

std::string_view octets_of(const std::vector<std::uint64_t>& entries) {
  return {reinterpret_cast<const char*>(entries.data()), entries.size() * 8};
}

Result<std::vector<std::uint64_t>> read_entries(const queue::File& file, std::uint64_t begin, std::uint64_t first, std::uint64_t end) {
  std::vector<std::uint64_t> entries(end - first);
  const auto size = file.read_at(begin + first * 8, reinterpret_cast<char*>(entries.data()), entries.size() * 8);
  if (!size) return size.error();
  if (*size != entries.size() * 8) return Error::permanent("an index of the history is too short");
  return entries;
}

// Sorted runs, one after the other.
class Runs {
 public:
  explicit Runs(queue::File& file) : file_(file) { run_.reserve(kRun); }
  Status add(std::uint64_t entry) {
    run_.push_back(entry);
    return run_.size() < kRun ? Status() : write();
  }
  Status write() {
    std::sort(run_.begin(), run_.end());
    Status written = file_.write_at(count_ * 8, {octets_of(run_)});
    count_ += run_.size();
    run_.clear();
    return written;
  }
  std::uint64_t count() const { return count_; }

 private:
  queue::File& file_;
  std::vector<std::uint64_t> run_;
  std::uint64_t count_ = 0;
};

// One run that is being merged.
class Source {
 public:
  Source(const queue::File& file, std::uint64_t first, std::uint64_t end) : file_(&file), next_(first), end_(end) {}
  std::uint64_t entry() const { return piece_[at_]; }
  // False: the run is over.
  Result<bool> advance() {
    if (++at_ < piece_.size()) return true;
    if (next_ == end_) return false;
    auto piece = read_entries(*file_, 0, next_, std::min(end_, next_ + kPiece));
    if (!piece) return piece.error();
    next_ += piece->size();
    piece_ = std::move(*piece);
    at_ = 0;
    return true;
  }

 private:
  const queue::File* file_;
  std::uint64_t next_, end_;
  std::vector<std::uint64_t> piece_;
  std::size_t at_ = 0;
};

// The complete index.
class Output {
 public:
  explicit Output(queue::File& file) : file_(file), table_(kTable + 1) { page_.reserve(kPage); }
  Status add(std::uint64_t entry) {
    ++table_[(entry >> (64 - kTableBits)) + 1];
    page_.push_back(entry);
    return page_.size() < kPage ? Status() : write_page();
  }
  Status end() {
    if (auto written = write_page(); !written) return written;
    for (std::size_t i = 1; i < kTable; ++i) table_[i] += table_[i - 1];
    return file_.write_at(0, {std::string_view(reinterpret_cast<const char*>(table_.data()), kEntries)});
  }

 private:
  Status write_page() {
    Status written = file_.write_at(kEntries + count_ * 8, {octets_of(page_)});
    count_ += page_.size();
    page_.clear();
    return written;
  }
  queue::File& file_;
  std::vector<std::uint32_t> table_;
  std::vector<std::uint64_t> page_;
  std::uint64_t count_ = 0;
};

// Hashes of the keys of records. A text that comes twice, for operators and for its owner, is hashed once.
class Hashes {
 public:
  explicit Hashes(proto::HashKey secret) : secret_(secret) {}
  std::uint64_t of(Key::Kind kind, std::string_view text, std::int64_t owner) {
    const bool is_same = kind == kind_ && text.data() == text_.data() && text.size() == text_.size() && owner != kAnybody;
    if (!is_same) hash_ = hash_of(secret_, kind, text);
    kind_ = kind;
    text_ = text;
    return hash_for(hash_, owner);
  }

 private:
  const proto::HashKey secret_;
  Key::Kind kind_{};
  std::string_view text_;
  std::uint64_t hash_ = 0;
};

Result<std::uint64_t> write_runs(const queue::File& segment, queue::File& file) {
  const auto head = read_head(segment);
  if (!head) return head.error();
  Runs runs(file);
  Hashes hashes(head->secret);
  RecordView record;
  Status status;
  const auto end = scan(segment, [&](std::uint64_t offset, std::string_view payload) {
    if (!decode(payload, record)) return true;
    for_each_key(record, [&](Key::Kind kind, std::string_view text, std::int64_t owner) {
      if (status) status = runs.add(hashes.of(kind, text, owner) << kOffsetBits | offset);
    });
    return status.ok();
  });
  if (!end) return end.error();
  if (status) status = runs.write();
  return status ? Result<std::uint64_t>(runs.count()) : status.error();
}

Status merge(const queue::File& runs, std::uint64_t count, queue::File& index) {
  std::vector<Source> sources;
  using Head = std::pair<std::uint64_t, std::size_t>;  // entry, source
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
  for (std::uint64_t first = 0; first < count; first += kRun) {
    sources.emplace_back(runs, first, std::min<std::uint64_t>(count, first + kRun));
    if (const auto begun = sources.back().advance(); !begun) return begun.error();
    heads.emplace(sources.back().entry(), sources.size() - 1);
  }
  Output output(index);
  while (!heads.empty()) {
    const auto [entry, source] = heads.top();
    heads.pop();
    if (auto added = output.add(entry); !added) return added;
    const auto more = sources[source].advance();
    if (!more) return more.error();
    if (*more) heads.emplace(sources[source].entry(), source);
  }
  return output.end();
}

// A new, empty file; replaces one that a crash has left.
Result<std::shared_ptr<queue::File>> create(queue::Disk& disk, const queue::Path& path) {
  const auto is_there = disk.exists(path);
  if (!is_there) return is_there.error();
  if (*is_there)
    if (auto removed = disk.remove(path); !removed) return removed.error();
  return disk.open(path, queue::Open::create);
}

Status write_index(queue::Disk& disk, const queue::File& segment, const queue::Path& runs, const queue::Path& index) {
  const auto unsorted = create(disk, runs), sorted = create(disk, index);
  if (!unsorted) return unsorted.error();
  if (!sorted) return sorted.error();
  const auto count = write_runs(segment, **unsorted);
  return count ? merge(**unsorted, *count, **sorted) : Status(count.error());
}

}  // namespace

Status build_index(queue::Disk& disk, const queue::Path& folder, std::uint64_t number) {
  const auto segment = disk.open(segment_file(folder, number), queue::Open::read);
  if (!segment) return segment.error();
  const queue::Path runs = folder / "runs.tmp", index = folder / "index.tmp";
  Status built = write_index(disk, **segment, runs, index);
  if (built) built = disk.rename(index, index_file(folder, number));
  if (!built) (void)disk.remove(index);
  (void)disk.remove(runs);
  return built;
}

Result<std::vector<std::uint64_t>> look_up(const queue::File& index, std::uint64_t hash, std::size_t most) {
  std::uint32_t range[2];
  const std::uint64_t row = hash >> (64 - kOffsetBits - kTableBits);
  const auto size = index.read_at(row * 4, reinterpret_cast<char*>(range), sizeof range);
  if (!size) return size.error();
  if (*size != sizeof range || range[1] < range[0]) return Error::permanent("an index of the history is damaged");
  std::uint64_t first = range[0], end = range[1];
  const std::uint64_t last = hash << kOffsetBits | ((1u << kOffsetBits) - 1);  // at or above each entry of the hash
  while (end - first > kPage) {                                                // `end` stays above them
    const std::uint64_t middle = first + (end - first) / 2;
    const auto entry = read_entries(index, kEntries, middle, middle + 1);
    if (!entry) return entry.error();
    (entry->front() <= last ? first : end) = middle;
  }
  const auto page = read_entries(index, kEntries, first, end);
  if (!page) return page.error();
  end = first + static_cast<std::uint64_t>(std::upper_bound(page->begin(), page->end(), last) - page->begin());
  const std::uint64_t from = end - std::min<std::uint64_t>({most, end - range[0]});
  const auto found = read_entries(index, kEntries, from, end);
  if (!found) return found.error();
  std::vector<std::uint64_t> offsets;
  for (auto entry = found->rbegin(); entry != found->rend() && *entry >> kOffsetBits == hash; ++entry)
    offsets.push_back(*entry & ((1u << kOffsetBits) - 1));
  return offsets;
}

}  // namespace mxpress::mta::history
