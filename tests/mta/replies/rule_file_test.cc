// Files of rules, and their mistakes.
#include "mta/replies/rule_file.h"

#include <catch2/catch.hpp>

using namespace mxpress::mta::replies;

namespace {

constexpr std::string_view kGood =
    "[[rule]]\nname = \"a\"\ntext = \"no\\u0074hing\"\nclass = \"rate\"\nwho = \"nobody\"\ncause = \"Cause.\"\n";

std::string first_mistake(const std::string& toml) {
  const RuleFile file = parse_rules(toml, "f.toml");
  return file.mistakes.empty() ? "" : file.mistakes.front();
}

// A rule with one more line, which is line 7.
std::string mistake_of(const std::string& line) { return first_mistake(std::string(kGood) + line + "\n"); }

}  // namespace

TEST_CASE("rule file: all keys of a rule are read") {
  const RuleFile file = parse_rules(R"(date = "2026-11-28"
[[rule]]
name = "one"
host = ["a.example", "B.example"]
text = ["first ... second", "third"]
status = "5.7.*"
code = [550, "4xx"]
when = "data"
class = "mailbox-full"
scope = "recipient"
who = "hosting"
cause = "Cause."
todo = "Do."
link = "https://example.org"
sample = "550 5.7.1 second FIRST"
)",
                                    "f.toml");
  REQUIRE(file.mistakes.empty());
  REQUIRE(file.rules.rules().size() == 1);
  const Rule& rule = file.rules.rules().front();
  CHECK(file.rules.date() == "2026-11-28");
  CHECK(rule.name == "one");
  CHECK(rule.line == 2);
  CHECK(rule.hosts == std::vector<std::string>{"a.example", "b.example"});
  CHECK(rule.texts == std::vector<std::vector<std::uint32_t>>{{0, 1}, {2}});
  CHECK(rule.codes.size() == 2);
  CHECK(rule.when == When::data);
  CHECK(rule.kind == ReplyClass::mailbox_full);
  CHECK(rule.scope == Scope::recipient);
  CHECK(rule.who == mxpress::proto::Actor::hosting);
  CHECK(rule.cause == "Cause.");
  CHECK(rule.todo == "Do.");
  CHECK(rule.link == "https://example.org");
  CHECK(file.samples.size() == 1);
}

TEST_CASE("rule file: mistakes name file and line") {
  CHECK(first_mistake(std::string(kGood)).empty());
  CHECK(first_mistake("x = ").starts_with("f.toml:1: not valid TOML"));
  CHECK(first_mistake("") == "f.toml:1: there is no [[rule]]");
  CHECK(first_mistake("other = 1") == "f.toml:1: there is no key other; rules begin with [[rule]]");
  CHECK(mistake_of("colour = \"red\"") == "f.toml:7: a rule has no key colour");
  CHECK(mistake_of("code = 250").starts_with("f.toml:7: code takes"));
  CHECK(mistake_of("status = \"7.1\"").starts_with("f.toml:7: status takes"));
  CHECK(mistake_of("status = \"5.7.9-3\"").starts_with("f.toml:7: status takes"));
  CHECK(mistake_of("host = [1]").starts_with("f.toml:7: host takes"));
  CHECK(mistake_of("host = []").starts_with("f.toml:7: host takes 1"));
  CHECK(mistake_of("when = \"always\"").starts_with("f.toml:7: when is"));
  CHECK(mistake_of("scope = \"world\"").starts_with("f.toml:7: scope is"));
  CHECK(mistake_of("todo = \"caf\u00e9\"") == "f.toml:7: todo has other characters than printable ASCII");
  CHECK(mistake_of("link = \"" + std::string(601, 'x') + "\"") == "f.toml:7: link is longer than 600 octets");
}

TEST_CASE("rule file: a rule needs a name, a class, an actor, a cause and a condition") {
  CHECK(first_mistake("[[rule]]\nname = \"a\"\n").starts_with("f.toml:1: the rule has no class"));
  const RuleFile file = parse_rules("[[rule]]\nclass = \"fun\"\nwho = \"me\"\n", "f.toml");
  REQUIRE(file.mistakes.size() == 5);
  CHECK(file.mistakes[0].starts_with("f.toml:2: no such class: fun; there are recipient, mailbox-full"));
  CHECK(file.mistakes[1].starts_with("f.toml:3: nobody is called me"));
  CHECK(file.mistakes[2] == "f.toml:1: the rule has no name");
  CHECK(file.mistakes[3] == "f.toml:1: the rule has no cause");
  CHECK(file.mistakes[4] == "f.toml:1: the rule has neither text nor status nor code");
  CHECK(first_mistake(std::string(kGood) + std::string(kGood)) == "f.toml:7: another rule is called a");
}

TEST_CASE("rule file: phrases are written as they are compared") {
  const auto with_text = [](const std::string& text) {
    return first_mistake("[[rule]]\nname = \"a\"\ntext = \"" + text + "\"\nclass = \"rate\"\nwho = \"nobody\"\ncause = \"C.\"\n");
  };
  CHECK(with_text("user unknown").empty());
  CHECK(with_text("User").starts_with("f.toml:3: text must be in lower case"));
  CHECK(with_text("two  blanks").starts_with("f.toml:3: text must be"));
  CHECK(with_text("a@example.org").starts_with("f.toml:3: text must be"));
  CHECK(with_text("ab").starts_with("f.toml:3: text has a phrase of fewer than 3 octets"));
  CHECK(with_text("abc ... x").starts_with("f.toml:3: text has a phrase of fewer"));
  CHECK(with_text("").starts_with("f.toml:3: text takes"));
}

TEST_CASE("rule file: a sample that another rule takes, or none, is a mistake") {
  const std::string second =
      "[[rule]]\nname = \"b\"\ntext = \"nothing more\"\nclass = \"rate\"\nwho = \"nobody\"\ncause = \"C.\"\nsample = \"450 nothing "
      "more\"\n";
  CHECK(first_mistake(std::string(kGood) + second) == "f.toml:7: the sample of the rule b is matched by the rule a (line 1) before it");
  CHECK(first_mistake(second + std::string(kGood)).empty());
  CHECK(mistake_of("sample = \"450 other\"") == "f.toml:1: the rule a does not match its own sample");
}

TEST_CASE("rule file: size, number of rules and of mistakes are bounded") {
  CHECK(first_mistake(std::string(kMostFile + 1, '#')).starts_with("f.toml: larger than"));
  std::string many;
  for (std::size_t i = 0; i <= RuleSet::kMostRules; ++i) many += "[[rule]]\nname = \"r" + std::to_string(i) + "\"\n";
  CHECK(first_mistake(many).starts_with("f.toml:1: more than 2000 rules"));
  std::string long_ones;
  for (int i = 0; i < 300; ++i)
    long_ones += "[[rule]]\nname = \"r" + std::to_string(i) + "\"\nclass = \"rate\"\nwho = \"nobody\"\ncause = \"C.\"\ntext = \"" +
                 std::to_string(1000 + i) + std::string(90, 'x') + "\"\n";
  CHECK(first_mistake(long_ones).starts_with("f.toml:1: the texts of all rules have more than"));
  std::string wrong;
  for (int i = 0; i < 200; ++i) wrong += "[[rule]]\n";
  CHECK(parse_rules(wrong, "f.toml").mistakes.size() == kMostMistakes);
}

TEST_CASE("rule file: the effect of a rule is that the other address family is tried") {
  CHECK_FALSE(parse_rules(kGood, "f.toml").rules.rules().front().tries_other_family);
  const RuleFile file = parse_rules(std::string(kGood) + "effect = \"other_family\"\n", "f.toml");
  CHECK(file.mistakes.empty());
  CHECK(file.rules.rules().front().tries_other_family);
  CHECK(mistake_of("effect = \"bounce\"") == "f.toml:7: the only effect is \"other_family\"");
}

TEST_CASE("rule file: a rule may say how long to wait, where the reply does not") {
  const RuleFile file = parse_rules(std::string(kGood) + "wait = \"2h\"\n", "f.toml");
  CHECK(file.mistakes.empty());
  const auto silent = file.rules.match(typed_reply("421 nothing", "mx.example.org", When::rcpt));
  REQUIRE(silent);
  CHECK(silent->wait == std::chrono::hours(2));
  CHECK(file.rules.match(typed_reply("421 nothing, try again in 300 seconds", "mx.example.org", When::rcpt))->wait ==
        std::chrono::minutes(5));
  CHECK(mistake_of("wait = \"13h\"") == "f.toml:7: wait takes a time from \"1m\" to \"12h\"");
  CHECK(mistake_of("wait = \"soon\"") == "f.toml:7: wait takes a time from \"1m\" to \"12h\"");
}

TEST_CASE("rule file: limits of providers are read, and found by the end of a mail host's name") {
  const RuleFile file =
      parse_rules(std::string(kGood) +
                      "[[limit]]\nname = \"big\"\nhost = [\"Mx.example.org\", \"other.example\"]\nconnections = 5\nmessages = 50\n"
                      "[[limit]]\nname = \"wide\"\nhost = \"example.org\"\nrecipients = 9\n",
                  "f.toml");
  CHECK(file.mistakes.empty());
  const ProviderLimits* const big = file.rules.limits_for("a.MX.example.org");
  REQUIRE(big);
  CHECK(big->name == "big");
  CHECK((big->connections == 5 && big->messages == 50 && big->recipients == 0));
  REQUIRE(file.rules.limits_for("mx2.example.org"));
  CHECK(file.rules.limits_for("mx2.example.org")->recipients == 9);
  CHECK(file.rules.limits_for("notexample.org") == nullptr);
}

TEST_CASE("rule file: the rate of a provider is written as that of a route, and named by a key without spaces") {
  const RuleFile file = parse_rules(
      std::string(kGood) + "[[limit]]\nname = \"the big one\"\nhost = \"big.example\"\nrate = [\"20/m\", \"500/h\"]\n", "f.toml");
  CHECK(file.mistakes.empty());
  const auto rules = rates_of(file.rules.limits());
  REQUIRE(rules.size() == 1);
  CHECK(rules.begin()->first == file.rules.limits_for("mx.big.example")->rate_key());
  CHECK(rules.begin()->first.find(' ') == std::string::npos);
  CHECK(rules.begin()->second ==
        mxpress::mta::RateRule{"provider the big one", {{20, std::chrono::minutes(1)}, {500, std::chrono::hours(1)}}, {}});
}

TEST_CASE("rule file: mistakes in limits are told with their line") {
  CHECK(mistake_of("[[limit]]\nname = \"a\"\nhost = \"a.example\"\nconnections = 0") ==
        "f.toml:10: connections takes a number from 1 to 10000");
  CHECK(mistake_of("[[limit]]\nname = \"a\"\nhost = \".example\"\nmessages = 1") == "f.toml:9: host takes names such as \"google.com\"");
  CHECK(mistake_of("[[limit]]\nname = \"a\"\nmessages = 1").ends_with("the limit names no host"));
  CHECK(mistake_of("[[limit]]\nname = \"a\"\nhost = \"a.example\"")
            .ends_with("the limit has neither connections nor messages nor recipients nor rate"));
  CHECK(mistake_of("[[limit]]\nname = \"a\"\nhost = \"a.example\"\nrate = \"0/h\"").starts_with("f.toml:10: rate "));
  CHECK(mistake_of("[[limit]]\nname = \"a\"\nhost = \"a.example\"\nrate = 5").starts_with("f.toml:10: rate must be a rate such as"));
  CHECK(mistake_of("[[limit]]\nname = \"a\"\nhost = \"a.example\"\nspeed = 1") == "f.toml:10: a limit has no key speed");
}
