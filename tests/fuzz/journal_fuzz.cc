// Any bytes as a journal segment: never a crash, and no record that is not whole.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "queue/codec.h"
#include "queue/crc32c.h"
#include "queue/segment_scan.h"

using namespace mxpress::queue;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto scan = scan_segment(bytes);
  std::uint64_t end = 0;
  for (const auto& record : scan.records) {
    if (record.offset < end || record.offset + record.size() > size) std::abort();
    end = record.offset + record.size();
    if (crc32c(bytes.substr(record.meta_offset(), record.meta_size)) != record.meta_crc) std::abort();
  }
  limit_scan(scan, size / 2);
  (void)decode_accepted(bytes);
  (void)decode_site(bytes);
  (void)decode_segment(bytes);
  (void)decode_ended(bytes);
  for (const auto type : {RecordType::attempt, RecordType::action, RecordType::told}) (void)decode_change(type, {}, bytes);
  return 0;
}
