// Fuzzes the reader of Received fields, and that of SPF records and macros.
#include <chrono>

#include "mta/spf/macro.h"
#include "mta/spf/query_name.h"
#include "mta/spf/record.h"
#include "mta/trace/chain.h"
#include "proto/header.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace mxpress;

void read_header(std::string_view text) {
  const std::string header = "Received: " + std::string(text) + "\r\n";
  const auto chain = mta::trace::read_chain(header, {}, WallTime(std::chrono::seconds(1800000000)));
  expect(chain.hops.size() <= mta::trace::kMostHops);
  for (const auto& hop : chain.hops)
    for (const auto& doubt : hop.doubts) expect(is_plain(doubt.text));
}

void read_record(std::string_view text) {
  const auto terms = mta::spf::terms_of("v=spf1 " + std::string(text));
  expect(is_plain(mta::spf::error_of(terms)));
  mta::spf::MacroValues values;
  values.sender = values.domain = "a.b.example";
  for (const auto& term : terms) {
    if (!term.error.empty()) continue;
    const std::string target = mta::spf::expanded(term.target, values);
    expect(target.size() <= mta::spf::kMostExpanded);
    if (const auto name = mta::spf::query_name(target)) expect(!name->empty() && is_plain(*name));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  read_header(text);
  read_record(text);
  return 0;
}
