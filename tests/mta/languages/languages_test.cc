// The choice of a language, and the texts that are part of mxpress.
#include "mta/languages/languages.h"

#include <boost/filesystem/fstream.hpp>
#include <catch2/catch.hpp>

#include "mta/config/config.h"
#include "mta/languages/current_languages.h"
#include "mta/languages/text_file.h"
#include "mta/replies/current_rules.h"
#include "mta/replies/reply_class.h"
#include "proto/explanation.h"
#include "proto/notice_advice.h"
#include "proto/reply_cause.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::mta;
using namespace mxpress::mta::languages;

namespace {

const proto::Phrases& chinese() { return own_catalogues().at("zh-hans"); }

bool is_translated(std::string_view form) { return chinese().form(form) != form; }

// The sentences of the text that stay as they are in Chinese.
std::string untranslated(std::string_view text) {
  std::string left;
  const std::string translated = chinese().translated(text);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(". ", at), text.size());
    const std::string_view sentence = text.substr(at, end - at);
    if (translated.find(sentence) != std::string::npos) left += std::string(sentence) + "|";
    at = end + 2;
  }
  return left;
}

Languages three() {
  Languages::Catalogues catalogues;
  catalogues["zh-hans"].set("One.", "Yi.");
  catalogues["de"].set("One.", "Eins.");
  catalogues["de-at"].set("One.", "Ans.");
  return Languages(catalogues);
}

std::string one(const proto::Phrases* phrases) { return phrases ? phrases->say("One.") : "none"; }

}  // namespace

TEST_CASE("languages: a tag finds its catalogue, or that of the tag without its last parts") {
  const Languages languages = three();
  CHECK(one(languages.find("de")) == "Eins.");
  CHECK(one(languages.find("DE-at-1996")) == "Ans.");
  CHECK(one(languages.find("de-CH")) == "Eins.");
  CHECK(one(languages.find("en-GB")) == "One.");
  CHECK(one(languages.find("fr")) == "none");
  CHECK(one(languages.find("")) == "none");
  CHECK(one(languages.find("de;q=1")) == "none");
  for (const char* tag : {"zh", "zh-CN", "zh-Hans-HK", "zh-sg"}) CHECK(one(languages.find(tag)) == "Yi.");
  for (const char* tag : {"zh-TW", "zh-Hant", "zh-hk"}) CHECK(one(languages.find(tag)) == "none");
}

TEST_CASE("languages: of a Content-Language field the first one counts that there are texts for") {
  const Languages languages = three();
  CHECK(one(languages.first_of("fr, de-CH ,en")) == "Eins.");
  CHECK(one(languages.first_of("en, de")) == "One.");
  CHECK(one(languages.first_of(" ,,\t zh-CN")) == "Yi.");
  CHECK(one(languages.first_of("fr")) == "none");
  CHECK(one(languages.first_of("a,b,c,d,e,f,g,h,i,j,de")) == "none");
  CHECK(one(languages.first_of(std::string(100'000, 'x'))) == "none");
}

TEST_CASE("languages: each cause and advice of the rules about replies has a Chinese text") {
  const auto rules = replies::current_rules(Config()).rules;
  for (const replies::Rule& rule : rules->rules()) {
    INFO(rule.name);
    CHECK(untranslated(rule.cause).empty());
    CHECK(untranslated(rule.todo).empty());
    CHECK(is_translated(to_string(rule.kind)));
    CHECK(is_translated(proto::in_words(rule.who)));
  }
}

TEST_CASE("languages: each explanation of a result has a Chinese text, whatever the stage and the code") {
  using proto::Stage;
  for (const Stage stage : {Stage::none, Stage::lookup, Stage::connect, Stage::greeting, Stage::hello, Stage::tls, Stage::auth, Stage::mail,
                            Stage::rcpt, Stage::content, Stage::local})
    for (const int code : {0, 421, 450, 550})
      for (int subject = 0; subject <= 7; ++subject)
        for (int detail = 0; detail <= 30; ++detail) {
          proto::HostResult result{stage, "mx.example", "192.0.2.1", "", {code == 550 ? 5 : 4, subject, detail}, code, "", false};
          const proto::Explanation explanation = proto::explain(result);
          INFO(explanation.words);
          REQUIRE(untranslated(explanation.words).empty());
          INFO(explanation.hint);
          REQUIRE(untranslated(explanation.hint).empty());
          REQUIRE(is_translated(proto::advice_after_failure(explanation.remedy)));
        }
}

TEST_CASE("languages: an explanation by the words of a reply has a Chinese text, too") {
  for (const char* reply : {"550 5.7.1 blocked using zen.spamhaus.org", "550 5.7.1 Helo command rejected: need fully-qualified hostname",
                            "450 4.7.25 Client host rejected: cannot find your reverse hostname", "550 5.7.1 SPF check failed",
                            "530 5.7.0 Must issue a STARTTLS", "530 5.7.0 Authentication required", "550 5.7.1 relaying denied",
                            "450 4.2.0 Greylisted", "450 4.7.1 too many connections", "550 5.7.1 bad reputation",
                            "535 5.7.139 basic authentication is disabled", "550 no", "554 5.3.0 listed in a block list"}) {
    const auto code = static_cast<int>(reply[0] - '0') * 100;
    for (const auto stage : {proto::Stage::rcpt, proto::Stage::auth, proto::Stage::mail, proto::Stage::connect}) {
      proto::HostResult result{stage, "mx.example", "192.0.2.1", "", {code / 100, 7, 1}, code + 50, reply, false};
      const proto::Explanation explanation = proto::explain(result);
      INFO(reply << ": " << explanation.words);
      CHECK(untranslated(explanation.words).empty());
      CHECK(untranslated(explanation.hint).empty());
    }
  }
}

TEST_CASE("texts of notices: mistakes have their line, and a file with one is not used") {
  const TextFile file = parse_texts(
      "colour = \"red\"\n[de]\n\"It has arrived.\" = 3\n\"No reason is known.\" = \"Bei {whom}.\"\n"
      "\"Reason: {text}\" = \"a\\u202eb\"\n\"Hint: {hint}\" = \"\"\n[x]\n",
      "f.toml");
  CHECK(file.mistakes ==
        std::vector<std::string>{"f.toml:1: colour takes texts: [colour]", "f.toml:3: \"It has arrived.\" takes a text in quotes",
                                 "f.toml:4: \"No reason is known.\" has no {whom}",
                                 "f.toml:5: \"Reason: {text}\" has a text with control characters, or such as change the "
                                 "direction of others",
                                 "f.toml:6: \"Hint: {hint}\" takes a text in quotes", "f.toml:7: \"x\" is no language tag"});
}

TEST_CASE("texts of notices: keys that are no sentence of mxpress are named, and used for rules of one's own") {
  const TextFile file = parse_texts("[de]\n\"It has arrived.\" = \"Da.\"\n\"By our own rule.\" = \"Eigene Regel.\"\n", "f.toml");
  CHECK(file.mistakes.empty());
  CHECK(file.texts == 2);
  CHECK(file.unknown == std::vector<std::string>{"By our own rule."});
  CHECK(file.catalogues.at("de").say("By our own rule.") == "Eigene Regel.");
}

TEST_CASE("current languages: the administrator's texts stand over those of mxpress, and a broken file is told") {
  test::TempFolder folder;
  Config config;
  config.file = folder.path() / "mxpress.toml";
  const auto path = folder.path() / "notices.toml";
  CHECK(current_languages(config).failure.empty());
  boost::filesystem::ofstream(path) << "[zh-Hans]\n\"It has arrived.\" = \"X\"\n[en]\n\"It has arrived.\" = \"There it is.\"\n";
  const CurrentLanguages both = current_languages(config);
  CHECK(both.failure.empty());
  CHECK(both.languages->find("zh")->say("It has arrived.") == "X");
  CHECK(both.languages->find("zh")->form("No reason is known.") != "No reason is known.");
  CHECK(both.languages->find("en")->say("It has arrived.") == "There it is.");
  boost::filesystem::ofstream(path) << "[zh-Hans\n";
  const CurrentLanguages broken = current_languages(config);
  CHECK_FALSE(broken.failure.empty());
  CHECK(broken.languages->find("zh")->say("It has arrived.") != "X");
}
