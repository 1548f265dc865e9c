// The writing end of the journal: new segments, numbered batches. Owned by the committer; one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "queue/paths.h"
#include "queue/record.h"

namespace mxpress::queue {

// A record to write. The journal fills in salt, batch, offset and distance. The views must stay valid until write() returns.
struct JournalRecord {
  RecordHeader header;
  std::string_view content, meta;
};

struct JournalOptions {
  Path folder;
  std::uint64_t segment_size = 0;
  std::uint64_t run = 0;
  std::uint32_t first_segment = 1;
  std::function<std::uint64_t()> random;
};

class Journal {
 public:
  Journal(Disk& disk, JournalOptions options) : disk_(disk), options_(std::move(options)), next_(options_.first_segment) {}

  // Writes to the kernel, as part of the current batch; begins a new segment if the records do not fit. After an error call abandon().
  Status write(std::vector<JournalRecord>& records, std::vector<Location>& locations);
  // Ends the batch: everything written so far survives a loss of power. After an error call abandon().
  Status sync();
  // Closes the current segment. Its synced part stays valid; the rest is void once the next segment exists.
  void abandon() { open_ = false; }

  struct Segment {
    std::uint32_t number = 0;
    std::shared_ptr<File> file;  // shared: sessions read contents from it as long as they need
    std::uint64_t size = 0;      // allocated octets
  };
  const Segment& current() const { return segment_; }
  bool is_dirty() const { return open_ && end_ != synced_end_; }
  std::uint64_t octets_for(const std::vector<JournalRecord>& records) const;

 private:
  Status make_room(std::uint64_t octets);
  Status open_segment(std::uint64_t octets);
  void place(JournalRecord& record, std::uint64_t batch_begin);

  Disk& disk_;
  JournalOptions options_;
  std::uint32_t next_;
  Segment segment_;
  bool open_ = false;
  std::string segment_meta_;        // of its first record
  std::vector<SegmentEnd> untold_;  // earlier segments whose ends no synced record tells yet
  std::uint64_t salt_ = 0;
  std::uint64_t batch_ = 1;
  std::uint64_t batch_begin_ = 0, end_ = 0, synced_end_ = 0;
  // Buffers of write(); members so that they keep their memory.
  std::vector<RecordBytes> headers_;
  std::vector<std::string_view> pieces_;
};

}  // namespace mxpress::queue
