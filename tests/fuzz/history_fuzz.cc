// Fuzzes segments and indexes of the history: never a crash, nothing outside the record, and what an index finds has the key.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "mta/history/index.h"
#include "mta/history/search.h"
#include "mta/history/segment.h"
#include "tests/support/forgetful_disk.h"

using namespace mxpress;
using namespace mxpress::mta::history;

namespace {

void check(bool right) {
  if (!right) std::abort();
}

void decode_all(std::string_view bytes) {
  RecordView record;
  if (!decode(bytes, record)) return;
  for (const RecipientView& one : record.recipients) (void)result_of(one);
  for_each_key(
      record, [&](Key::Kind kind, std::string_view text, std::int64_t owner) { check(Key{kind, std::string(text), owner}.is_in(record)); });
}

void search(test::ForgetfulDisk& disk) {
  const Query query{{{Key::Kind::address, "a@x.example", kAnybody}, Key::of({1})}, 0, 100};
  (void)Search(disk, "/history")
      .run(query, [&](const Hit& hit) { return check(query.keys[hit.key].is_in(hit.record)), true; }, [](std::uint64_t) { return true; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  decode_all(bytes);
  test::ForgetfulDisk disk;
  check(disk.make_folder("/history").ok());
  disk.replace("/history/1.log", bytes);
  search(disk);
  if (build_index(disk, "/history", 1)) search(disk);
  disk.replace("/history/1.idx", bytes);
  search(disk);
  return 0;
}
