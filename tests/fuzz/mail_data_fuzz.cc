// Fuzzes mail data: sent content is received unchanged, in pieces of any size, and nothing can end it early.
#include "proto/mail_data.h"
#include "tests/fuzz/expect.h"

using namespace mxpress::proto;

namespace {

template <class Codec>
std::string run(std::string_view text, std::size_t piece) {
  Codec codec;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += piece) codec.feed(text.substr(i, piece), out);
  codec.finish(out);
  return out;
}

void check_round_trip(std::string_view text, std::size_t piece) {
  const std::string normal = run<LineEndNormaliser>(text, piece);
  const std::string sent = run<DataEncoder>(text, piece);
  expect(sent == run<DataEncoder>(normal, 4096) || text.find('\0') != std::string_view::npos);
  DataDecoder decoder;
  std::string read;
  std::size_t taken = 0;
  while (taken < sent.size() && !decoder.complete()) taken += decoder.feed(std::string_view(sent).substr(taken, piece), read);
  expect(decoder.complete() && taken == sent.size() && decoder.flaw() != Flaw::bare_line_end);
  if (decoder.flaw() != Flaw::none) return;
  expect(read == normal && decoder.octets() == read.size());
}

// Data of a hostile client: only CRLF.CRLF is an end.
void check_end(std::string_view text, std::size_t piece) {
  DataDecoder decoder;
  std::string read;
  std::size_t taken = 0;
  while (taken < text.size() && !decoder.complete()) taken += decoder.feed(text.substr(taken, piece), read);
  const std::string framed = "\r\n" + std::string(text);
  const auto end = framed.find("\r\n.\r\n");
  expect(decoder.complete() == (end != std::string::npos));
  if (decoder.complete()) expect(taken == end + 3);
  if (decoder.flaw() == Flaw::none && decoder.complete()) expect(run<LineEndNormaliser>(read, 4096) == read);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = text_of(data, size);
  const std::size_t piece = take_number(text);
  check_round_trip(text, piece);
  check_end(text, piece);
  return 0;
}
