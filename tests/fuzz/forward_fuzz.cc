// Fuzzes the targets of a ~/.forward: the walk ends, within its limits, each target is an address once, and no message is lost.
#include <algorithm>
#include <set>

#include "mta/config/config.h"
#include "mta/routing/forward_walk.h"
#include "tests/fuzz/expect.h"

using namespace mxpress;

namespace {

const mta::Config& config() {
  static const mta::Config made = [] {
    auto parsed = mta::parse_config(
        "local_domains = [\"here.example\"]\n[local]\nalias_file = \"\"\n"
        "aliases = { a = [\"b\", \"c\"], c = \"a\", root = \"x@there.example\", gone = \"|nothing\" }\n",
        "x.toml");
    if (parsed) return std::move(*parsed);
    auto plain = mta::parse_config("local_domains = [\"here.example\"]\n[local]\nalias_file = \"\"\n", "x.toml");
    return std::move(*plain);
  }();
  return made;
}

}  // namespace

// The files of different users are parts of the input, in turn; the octet after a NUL chooses other answers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = text_of(data, size);
  const auto part = [&text] {
    const std::size_t end = std::min(text.find('\0'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return one;
  };
  mta::routing::ForwardWalk walk(config(), proto::Mailbox::parse("bob+tag@here.example").value(), part());
  std::set<std::string> asked;
  while (const auto user = walk.next()) {
    expect(*user != "bob" && asked.insert(*user).second && asked.size() <= 100);
    const std::string_view file = part();
    if (file == "1")
      walk.is_unknown();
    else if (file == "2")
      walk.cannot_tell();
    else if (file.empty() || file == "3")
      walk.has_no_file(std::string(file));
    else
      walk.has_file(file);
  }
  const auto found = walk.take();
  expect(found.targets.size() <= mta::routing::kMostForwardTargets && found.left_out.size() <= 10);
  expect(!found.targets.empty() || found.is_too_many || !found.deferred.empty());
  std::set<std::string> seen;
  for (const auto& target : found.targets) {
    expect(seen.insert(target.mailbox.to_string()).second);
    expect(proto::Mailbox::parse(target.mailbox.to_string()).ok());
  }
  for (const std::string& why : found.left_out)
    expect(std::none_of(why.begin(), why.end(), [](unsigned char c) { return c < 32 || c == 127; }));
  return 0;
}
