// Fuzzes re-encoding: what comes out fits, and is not changed again.
#include "proto/mail_data.h"
#include "proto/mime.h"
#include "tests/fuzz/expect.h"

using namespace mxpress::proto;

namespace {

// Lines long enough to matter are made of a rare octet, so that small inputs reach the code.
std::string message_from(std::string_view text) {
  std::string message;
  LineEndNormaliser normaliser;
  for (const char c : text) {
    if (c == '\x01') {
      normaliser.feed(std::string(1100, 'x'), message);
    } else {
      normaliser.feed({&c, 1}, message);
    }
  }
  normaliser.finish(message);
  return message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string message = message_from(text_of(data, size));
  if (const auto fitted = reencode_for_transport(message)) {
    expect(!inspect(*fitted).needs_reencoding());
    expect(*reencode_for_transport(*fitted) == *fitted);
  }
  if (const auto fitted = downgrade_to_seven_bit(message)) {
    expect(!inspect(*fitted).eight_bit);
    expect(*downgrade_to_seven_bit(*fitted) == *fitted);
  }
  return 0;
}
