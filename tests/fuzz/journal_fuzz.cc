// Fuzzes journal segments and message files in a spool: never a crash, no incomplete record accepted, no unreadable mail, and no complaints
// after a repair.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "queue/codec.h"
#include "queue/crc32c.h"
#include "queue/fsck.h"
#include "queue/inspect.h"
#include "queue/segment_scan.h"
#include "tests/support/forgetful_disk.h"

using namespace mxpress;
using namespace mxpress::queue;

namespace {

void check(bool right) {
  if (!right) std::abort();
}

void scan(std::string_view bytes) {
  auto scan = scan_segment(bytes);
  std::uint64_t end = 0;
  for (const auto& record : scan.records) {
    check(record.offset >= end && record.offset + record.size() <= bytes.size());
    end = record.offset + record.size();
    check(crc32c(bytes.substr(record.meta_offset(), record.meta_size)) == record.meta_crc);
  }
  limit_scan(scan, bytes.size() / 2);
}

void decode(std::string_view bytes) {
  (void)decode_accepted(bytes);
  (void)decode_site(bytes);
  (void)decode_segment(bytes);
  (void)decode_ended(bytes);
  for (const auto type : {RecordType::attempt, RecordType::action, RecordType::told}) (void)decode_change(type, {}, bytes);
}

// The id that the bytes claim, so that they are read as that message.
QueueId claimed(std::string_view bytes) {
  const auto header = decode_record(bytes);
  return header ? QueueId{header->id} : QueueId{(std::uint64_t{1} << 40) + 1};
}

void replay(const std::string& bytes) {
  test::ForgetfulDisk disk;
  const Paths paths{"/spool"};
  const auto id = claimed(bytes);
  for (const auto& folder : {paths.root, paths.journal(), paths.messages(), paths.incoming(), paths.corrupt(), paths.folder(id)})
    check(disk.make_folder(folder).ok());
  disk.replace("/spool/format", "mxpress spool 1\n");
  disk.replace("/spool/lock", "");
  disk.replace("/spool/journal/0000000001.log", bytes);
  disk.replace(paths.file(id).string(), bytes);
  {
    const auto inspection = Inspection::open(disk, "/spool");
    check(inspection.ok());
    for (const auto found : (*inspection)->ids(true)) check((*inspection)->load(found).ok());
  }
  const auto repaired = repair(disk, "/spool");
  check(repaired.ok() && repaired->is_clean());
  const auto again = examine(disk, "/spool");
  check(again.ok() && again->is_clean());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  scan(bytes);
  decode(bytes);
  replay(bytes);
  return 0;
}
