// Fuzzes re-encoding: the result is within the limits, is not changed again, and does not depend on the pieces of the input.
#include "proto/mail_data.h"
#include "proto/mime.h"
#include "tests/fuzz/expect.h"

using namespace mxpress::proto;

namespace {

// A rare octet stands for a long line, so that small inputs reach the code.
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

// The same conversion, in pieces of very different sizes.
Result<std::string> convert_in_pieces(std::string_view message, MimeGoal goal) {
  const auto each = [&](auto feed) {
    std::uint32_t chance = static_cast<std::uint32_t>(message.size());
    for (std::size_t at = 0; at < message.size();) {
      chance = chance * 1664525 + 1013904223;
      const std::string_view piece = message.substr(at, 1 + (chance >> 24) % (chance % 7 == 0 ? 256 : 9));
      feed(piece);
      at += piece.size();
    }
  };
  MimeSurvey survey(goal);
  each([&](std::string_view piece) { survey.feed(piece); });
  const Result<MimePlan> plan = survey.finish();
  if (!plan) return plan.error();
  MimeRewriter rewriter(*plan, goal);
  std::string converted;
  each([&](std::string_view piece) { rewriter.feed(piece, converted); });
  rewriter.finish(converted);
  return converted;
}

bool same(const Result<std::string>& a, const Result<std::string>& b) { return a.ok() == b.ok() && (!a.ok() || *a == *b); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string message = message_from(text_of(data, size));
  const auto short_lines = reencode_for_transport(message);
  expect(same(short_lines, convert_in_pieces(message, MimeGoal::short_lines)));
  if (short_lines) {
    expect(!inspect(*short_lines).needs_reencoding());
    expect(*reencode_for_transport(*short_lines) == *short_lines);
  }
  const auto seven_bit = downgrade_to_seven_bit(message);
  expect(same(seven_bit, convert_in_pieces(message, MimeGoal::seven_bit)));
  if (seven_bit) {
    expect(!inspect(*seven_bit).eight_bit);
    expect(*downgrade_to_seven_bit(*seven_bit) == *seven_bit);
  }
  return 0;
}
