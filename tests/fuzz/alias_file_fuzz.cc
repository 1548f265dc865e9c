// Fuzzes the parser of aliases: an accepted target is an address or an absolute path without control characters, and parses again to the
// same value.
#include <algorithm>

#include "proto/alias_file.h"
#include "proto/ascii.h"
#include "proto/mailbox.h"
#include "tests/fuzz/expect.h"

using namespace mxpress;
using Kind = proto::AliasTarget::Kind;

namespace {

void check(const proto::AliasTarget& target) {
  const bool may_be_empty = target.kind == Kind::command || (target.kind >= Kind::fail && target.kind <= Kind::blackhole);
  expect(!target.text.empty() || may_be_empty);
  if (target.kind == Kind::mistake) return;
  expect(std::none_of(target.text.begin(), target.text.end(), [](char c) { return proto::is_control(c) && c != '\t'; }));
  if (target.kind == Kind::file || target.kind == Kind::include) expect(target.text.front() == '/');
  if (target.kind != Kind::address && target.kind != Kind::final) return;
  const auto mailbox = proto::Mailbox::parse_qualifying(target.text, *proto::Domain::parse("here.example"));
  expect(mailbox.ok());
  if (!mailbox) return;
  if (std::string_view("|/:").find(mailbox->local_part().front()) != std::string_view::npos) return;  // would need quotes
  const auto again = proto::parse_alias_targets(mailbox->to_string());
  expect(again.size() == 1 && again.front().kind == Kind::address && again.front().text == mailbox->to_string());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const auto table = proto::parse_alias_file(text);
  for (const auto& [name, targets] : table.names) {
    expect(!name.empty() && name == proto::lower_case(name) && !targets.empty());
    std::for_each(targets.begin(), targets.end(), check);
  }
  const auto list = proto::parse_alias_list(text);
  std::for_each(list.targets.begin(), list.targets.end(), check);
  return 0;
}
