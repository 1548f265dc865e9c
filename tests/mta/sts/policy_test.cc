// MTA-STS policies and records as text. RFC 8461 3.1, 3.2.
#include "mta/sts/policy.h"

#include <catch2/catch.hpp>

using namespace mxpress;
using mta::sts::Mode;
using mta::sts::parse_policy;
using mta::sts::record_id;

namespace {

const std::string kGood = "version: STSv1\nmode: enforce\nmx: mx.there.example\nmax_age: 86400\n";

std::string with(const std::string& from, const std::string& to) {
  std::string text = kGood;
  return text.replace(text.find(from), from.size(), to);
}

std::string failure(const std::string& text) {
  const auto policy = parse_policy(text);
  return policy ? "none" : policy.error().message;
}

std::string id_of(const std::vector<std::string>& texts) {
  const auto id = record_id(texts);
  return id ? *id : "error: " + id.error().message;
}

}  // namespace

TEST_CASE("sts policy: its keys in any order, with either line end, the last line without one, and empty lines") {
  for (const std::string& text :
       {kGood, std::string("version: STSv1\r\nmode: enforce\r\nmx: mx.there.example\r\nmax_age: 86400\r\n"),
        std::string("max_age:86400 \nmx:\tmx.there.example\t\n\r\nmode:enforce\n\nversion:STSv1"), kGood + "\n\n"}) {
    INFO(text);
    const auto policy = parse_policy(text);
    REQUIRE(failure(text) == "none");
    CHECK(policy->mode == Mode::enforce);
    CHECK(policy->max_age == std::chrono::hours(24));
    REQUIRE(policy->mx.size() == 1);
    CHECK(policy->mx[0].text() == "mx.there.example");
  }
}

TEST_CASE("sts policy: unknown keys count for nothing, and of a repeated key the first counts, but each mx") {
  const auto policy = parse_policy(kGood + "mode: none\nmax_age: bad\nx-key.1: \xC3\xA4 : b\nmx: *.There.Example.\nmx: mx.there.example\n");
  REQUIRE(policy);
  CHECK(policy->mode == Mode::enforce);
  REQUIRE(policy->mx.size() == 2);
  CHECK(policy->mx[1].text() == "*.there.example");
}

TEST_CASE("sts policy: mode none needs no mx, and an age over a year counts as a year") {
  const auto none = parse_policy("version: STSv1\nmode: none\nmax_age: 0\n");
  REQUIRE(none);
  CHECK(none->mx.empty());
  CHECK(none->max_age.count() == 0);
  CHECK(parse_policy(with("86400", "31557600"))->max_age.count() == 31557600);
  CHECK(parse_policy(with("86400", "9999999999"))->max_age.count() == 31557600);
  CHECK(parse_policy(with("enforce", "testing"))->mode == Mode::testing);
}

TEST_CASE("sts policy: each mistake makes the whole of it malformed, and the reason is printable") {
  const std::pair<std::string, std::string> cases[] = {
      {"", "the policy has no version"},
      {with("version: STSv1\n", ""), "the policy has no version"},
      {with("mode: enforce\n", ""), "the policy has no mode"},
      {with("max_age: 86400\n", ""), "the policy has no max_age"},
      {with("mx: mx.there.example\n", ""), "the policy has no mx"},
      {with("STSv1", "STSv2"), "the policy has an unknown value: \"version: STSv2\""},
      {with("STSv1", "stsv1"), "the policy has an unknown value: \"version: stsv1\""},
      {with("enforce", "Enforce"), "the policy has an unknown value: \"mode: Enforce\""},
      {with("86400", "-1"), "the policy has an unknown value: \"max_age: -1\""},
      {with("86400", "86400s"), "the policy has an unknown value: \"max_age: 86400s\""},
      {with("86400", "99999999999"), "the policy has an unknown value: \"max_age: 99999999999\""},
      {with("86400", ""), "the policy has an unknown value: \"max_age: \""},
      {with("mx.there", "mx.*"), "the policy has an mx that is no name: \"mx.*.example\""},
      {with("mx.there", "*.*"), "the policy has an mx that is no name: \"*.*.example\""},
      {with("mx.there", "*mx.there"), "the policy has an mx that is no name: \"*mx.there.example\""},
      {with("mx.there.example", "[192.0.2.1]"), "the policy has an mx that is no name: \"[192.0.2.1]\""},
      {with("mx.there.example", ""), "the policy has an mx that is no name: \"\""},
      {"\xEF\xBB\xBF" + kGood, "the policy begins with a byte order mark"},
      {"<html>\n" + kGood, "the policy has a line without a key: \"<html>\""},
      {with("mode:", "mode :"), "the policy has a line without a key: \"mode : enforce\""},
      {" " + kGood, "the policy has a line without a key: \" version: STSv1\""},
      {std::string(33, 'k') + ": v\n" + kGood, "the policy has a line without a key: \"" + std::string(33, 'k') + ": v\""},
      {kGood + std::string("x: a\0b\n", 7), "the policy has a control character behind \"x\""},
      {with("\n", "\r"), "the policy has a control character behind \"version\""},
  };
  for (const auto& [text, words] : cases) {
    INFO(text);
    CHECK(failure(text) == words);
  }
}

TEST_CASE("sts policy: more names than any domain needs are refused, so that a policy takes little memory") {
  std::string many = kGood, few = kGood;
  for (int i = 0; i < 127; ++i) few += "mx: mx" + std::to_string(i) + ".example\n";
  CHECK(failure(few) == "none");
  CHECK(failure(few + "mx: one.more.example\n") == "the policy has more than 128 mx");
  const std::string label(60, 'a');
  const auto mx = [&](int i) { return "mx: " + label + "." + label + "." + label + "." + std::to_string(i) + ".example\n"; };
  for (int i = 0; i < 10; ++i) many += mx(i);
  CHECK(failure(many) == "none");
  CHECK(failure(many + mx(10)) == "the policy has more than 2048 octets of mx");
}

TEST_CASE("sts record: the id of the one record; others beside it count for nothing") {
  CHECK(id_of({"v=STSv1; id=20160831085700Z;"}) == "20160831085700Z");
  CHECK(id_of({"v=spf1 -all", "v=STSv1;id=a"}) == "a");
  CHECK(id_of({"v=STSv1 ; x=1 ;\tid=Ab3 ; id=other"}) == "Ab3");
  CHECK(id_of({}).empty());
  CHECK(id_of({"v=spf1 -all", "V=STSv1; id=a", " v=STSv1; id=a"}).empty());
}

TEST_CASE("sts record: several, or a malformed one, are no record") {
  const std::string no_id = "error: the record has no id of 1 to 32 letters and digits: ";
  CHECK(id_of({"v=STSv1; id=a", "v=STSv1; id=b"}) == "error: there are several records");
  CHECK(id_of({"v=STSv1"}) == no_id + "\"v=STSv1\"");
  CHECK(id_of({"v=STSv1; id="}) == no_id + "\"v=STSv1; id=\"");
  CHECK(id_of({"v=STSv1; id=a-b"}) == no_id + "\"v=STSv1; id=a-b\"");
  CHECK(id_of({"v=STSv1; id=" + std::string(32, 'a')}) == std::string(32, 'a'));
  CHECK(id_of({"v=STSv1; id=" + std::string(33, 'a')}).starts_with(no_id));
  CHECK(id_of({"v=STSv1; id=a; ;"}) == "error: the record is malformed: \"v=STSv1; id=a; ;\"");
  CHECK(id_of({"v=STSv12; id=a"}) == "error: the record is malformed: \"v=STSv12; id=a\"");
  CHECK(id_of({"v=STSv1 id=a"}) == "error: the record is malformed: \"v=STSv1 id=a\"");
}
