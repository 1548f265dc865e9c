// Adding to an administrator's configuration changes nothing else in it.
#include "mta/config/config_edit.h"

#include <catch2/catch.hpp>

#include "mta/config/config.h"

namespace mxpress::testing {
namespace {

using namespace mta::config;

const proto::Domain kDomain = proto::Domain::parse("here.example").value();
const KeyFiles kKeys = {{"ed1", "/etc/mxpress/dkim/ed1.pem"}, {"rsa1", "/etc/mxpress/dkim/rsa1.pem"}};
const KeyFiles kNext = {{"rsa2", "/etc/mxpress/dkim/rsa2.pem"}};
constexpr char kTable[] =
    "[dkim.\"here.example\"]\nsign = \"when published\"\n"
    "keys = { \"ed1\" = \"/etc/mxpress/dkim/ed1.pem\", \"rsa1\" = \"/etc/mxpress/dkim/rsa1.pem\" }\n";

std::string with_crlf(std::string text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != text.npos; at += 2) text.insert(at, "\r");
  return text;
}

std::string refusal(const Result<std::string>& edited) { return edited.ok() ? "none: " + *edited : edited.error().message; }

}  // namespace

TEST_CASE("config edit: a table is added behind all that is there, with its line ends") {
  const std::string commented = "# mine\nhostname = \"mail.here.example\"  # a name\n\n[local]\naliases = { root = \"a@b.example\" }\n";
  CHECK(*with_dkim_table("", kDomain, kKeys) == kTable);
  CHECK(*with_dkim_table(commented, kDomain, kKeys) == commented + "\n" + kTable);
  CHECK(*with_dkim_table("# no line end", kDomain, kKeys) == "# no line end\n\n" + std::string(kTable));
  CHECK(*with_dkim_table(with_crlf(commented), kDomain, kKeys) == with_crlf(commented + "\n" + kTable));
  const std::string other = "[dkim.\"other.example\"]\nkeys = { a = \"/a\" }\n";
  CHECK(*with_dkim_table(other, kDomain, kKeys) == other + "\n" + kTable);
  CHECK(mta::parse_config(*with_dkim_table(commented, kDomain, kKeys), "x")->dkim.at(kDomain).keys == kKeys);
}

TEST_CASE("config edit: where a table cannot be added, the text is left to its owner") {
  CHECK_THAT(refusal(with_dkim_table("[dkim.\"Here.Example\"]\n", kDomain, kKeys)), Catch::Contains("already"));
  CHECK_THAT(refusal(with_dkim_table("dkim = { \"other.example\" = { keys = { a = \"/a\" } } }\n", kDomain, kKeys)),
             Catch::Contains("form"));
  CHECK_THAT(refusal(with_dkim_table("dkim = 1\n", kDomain, kKeys)), Catch::Contains("no table"));
  CHECK_THAT(refusal(with_dkim_table("hostname = \n", kDomain, kKeys)), Catch::Contains("TOML"));
}

TEST_CASE("config edit: next keys stand behind the header of their table, and then take the place of keys") {
  const std::string before =
      "# one\n[dkim.\"here.example\"]  # two\n# three\nkeys = { a = \"/a\" } # four\n\n[local]\nmailbox_limit = \"1GB\"";
  const std::string line = "next = { \"rsa2\" = \"/etc/mxpress/dkim/rsa2.pem\" }\n";
  const auto with_next = with_dkim_next(before, kDomain, kNext);
  REQUIRE(with_next.ok());
  CHECK(*with_next ==
        "# one\n[dkim.\"here.example\"]  # two\n" + line + "# three\nkeys = { a = \"/a\" } # four\n\n[local]\nmailbox_limit = \"1GB\"");
  const auto ended = with_dkim_next_as_keys(*with_next, kDomain);
  REQUIRE(ended.ok());
  CHECK(*ended ==
        "# one\n[dkim.\"here.example\"]  # two\n# three\nkeys = { \"rsa2\" = \"/etc/mxpress/dkim/rsa2.pem\" }\n\n"
        "[local]\nmailbox_limit = \"1GB\"");
  CHECK(*with_dkim_next(with_crlf(before), kDomain, kNext) == with_crlf(*with_next));
  CHECK_THAT(refusal(with_dkim_next(*with_next, kDomain, kNext)), Catch::Contains("already"));
}

TEST_CASE("config edit: next keys are not put into a form that is not understood") {
  CHECK_THAT(refusal(with_dkim_next("", kDomain, kNext)), Catch::Contains("no table"));
  CHECK_THAT(refusal(with_dkim_next("dkim = { \"here.example\" = { keys = { a = \"/a\" } } }\n", kDomain, kNext)), Catch::Contains("form"));
  CHECK_THAT(refusal(with_dkim_next_as_keys("[dkim.\"here.example\"]\nkeys = { a = \"/a\" }\n", kDomain)), Catch::Contains("no next"));
  CHECK_THAT(
      refusal(with_dkim_next_as_keys("[dkim.\"here.example\".keys]\na = \"/a\"\n[dkim.\"here.example\".next]\nb = \"/b\"\n", kDomain)),
      !Catch::StartsWith("none"));
}

}  // namespace mxpress::testing
