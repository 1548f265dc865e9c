// Fuzzes reports about TLS: a record, and the file of counts.
#include "mta/tlsrpt/ledger.h"
#include "mta/tlsrpt/record.h"
#include "proto/sha256.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace mxpress;
using namespace mta::tlsrpt;

void read_record(std::string_view text) {
  const auto receivers = receivers_in({std::string(text)});
  if (!receivers) return expect(is_plain(receivers.error().message));
  expect(receivers->size() <= kMostReceivers);
  for (const Receiver& receiver : *receivers) expect(receiver.uri.size() <= kLongestReceiver && parse_receiver(receiver.uri).ok());
}

// With a digest that is right: what is behind it must be safe, too.
void read_file(std::string_view text) {
  const std::string lines = "tlsrpt 1\n" + std::string(text) + "\n";
  const auto ledger = Ledger::parse(lines + "sha256 " + proto::sha256_hex(lines) + "\n");
  if (!ledger) return;
  const auto again = Ledger::parse(ledger->text());
  expect(again.ok() && again->text() == ledger->text());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  read_record(text);
  read_file(text);
  return 0;
}
