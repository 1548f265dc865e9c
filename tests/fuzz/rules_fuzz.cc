// Fuzzes files of rules about replies, the replies that rules are compared with, and files of texts for notices.
#include "mta/languages/languages.h"
#include "mta/languages/text_file.h"
#include "mta/replies/current_rules.h"
#include "mta/replies/meaning.h"
#include "mta/replies/rule_set.h"
#include "proto/explanation.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace mxpress;
using namespace mxpress::mta;

constexpr const char* kName = "fuzz.toml";

void explain(const replies::RuleSet& rules, std::string_view text) {
  for (const auto when : {replies::When::greeting, replies::When::mail, replies::When::rcpt, replies::When::data}) {
    const proto::HostResult result = replies::typed_reply(text, "mx.example.org", when);
    const auto match = rules.match(result);
    expect(!match || !match->wait || *match->wait > Duration(0));
    const proto::Explanation explanation = replies::explain(&rules, result);
    expect(!explanation.words.empty() && is_plain(explanation.words));
    if (explanation.advice) expect(is_plain(explanation.advice->todo) && is_plain(explanation.advice->link));
  }
}

void read_rules(std::string_view text) {
  static const replies::RuleFile own = replies::parse_rules(replies::kOwnRules, "replies.toml");
  explain(own.rules, text);
  const replies::RuleFile file = replies::parse_rules(text, kName);
  for (const std::string& mistake : file.mistakes) expect(is_plain(mistake));
  expect(file.rules.rules().size() <= replies::RuleSet::kMostRules);
  if (file.mistakes.empty()) explain(file.rules, text);
}

void read_texts(std::string_view text) {
  const languages::TextFile file = languages::parse_texts(text, kName);
  expect(!file.mistakes.empty() || file.catalogues.empty() || file.texts > 0 || file.unknown.empty());
  const languages::Languages languages(file.catalogues);
  const proto::Phrases* const found = languages.first_of(text);
  if (found) expect(found->translated("").empty() && !found->say("No reason is known.").empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  read_rules(text);
  read_texts(text);
  return 0;
}
