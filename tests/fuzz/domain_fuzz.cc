// Fuzzes the parser of domains: an accepted one is canonical, so parsing it again changes nothing.
#include <algorithm>

#include "proto/domain.h"
#include "tests/fuzz/expect.h"

using mxpress::proto::Domain;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto domain = Domain::parse(text_of(data, size));
  if (!domain) return 0;
  const std::string& text = domain->text();
  expect(!text.empty() && text.size() <= 255);
  expect(std::all_of(text.begin(), text.end(), [](char c) { return c > 32 && c < 127 && c != '@' && c != '<' && c != '>'; }));
  const auto again = Domain::parse(text);
  expect(again && *again == *domain);
  expect(domain->is_address_literal() == !domain->address().empty());
  return 0;
}
