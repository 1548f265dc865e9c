// Fuzzes DNS packets: parses them, and interprets them as the answer to a question.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "dns/packet.h"
#include "dns/reading.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mxpress::dns;
  const mxpress::Result<Packet> packet = decode({data, size});
  if (!packet) return 0;
  for (const RecordType type : {RecordType::mx, RecordType::a, RecordType::txt, RecordType::cname}) {
    const Question question = packet->question.value_or(Question{"a.example", type});
    const Reading reading = read_answer({question.name, type}, *packet);
    if (reading.aliases > kMaxAliases + 1) std::abort();
    for (const unsigned char c : reading.answer.canonical_name) {
      if (c <= ' ' || c >= 0x7f) std::abort();
    }
    for (const MxRecord& mx : reading.answer.mx) {
      for (const unsigned char c : mx.host) {
        if (c <= ' ' || c >= 0x7f) std::abort();
      }
    }
  }
  return 0;
}
