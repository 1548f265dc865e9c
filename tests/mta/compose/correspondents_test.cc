// Address lists as users write them.
#include "mta/compose/correspondents.h"

#include <catch2/catch.hpp>

using mxpress::mta::compose::Correspondent;
using mxpress::mta::compose::read_correspondents;

namespace {

std::string shown(std::string_view list) {
  const auto people = read_correspondents(list);
  if (!people) return "error: " + people.error().message;
  std::string text;
  for (const Correspondent& person : *people) text += "[" + person.name + "|" + person.address + "]";
  return text;
}

bool is_refused(std::string_view list, const std::string& naming) {
  const std::string text = shown(list);
  return text.starts_with("error: ") && text.find(naming) != std::string::npos;
}

}  // namespace

TEST_CASE("correspondents: names in any script, quoted names, groups, and local names") {
  CHECK(shown("a@b.example") == "[|a@b.example]");
  CHECK(shown("Jörg Müller <joerg@b.example>, root") == "[Jörg Müller|joerg@b.example][|root]");
  CHECK(shown("\"Doe, John\" <john@b.example>") == "[Doe, John|john@b.example]");
  CHECK(shown("Бьёрн <b@b.example>") == "[Бьёрн|b@b.example]");
  CHECK(shown("Team: a@b.example, Z <z@b.example>;") == "[|a@b.example][Z|z@b.example]");
}

TEST_CASE("correspondents: a quoted local part keeps its quotes, and a domain of any script becomes A-labels") {
  CHECK(shown("\"a b\"@b.example") == "[|\"a b\"@b.example]");
  CHECK(shown("X <\"a@b\"@b.example>") == "[X|\"a@b\"@b.example]");
  CHECK(shown("x@bücher.example") == "[|x@xn--bcher-kva.example]");
}

TEST_CASE("correspondents: what is no address is refused and named") {
  CHECK(is_refused("a@b.example, c@@d", "c@@d"));
  CHECK(is_refused("a@-b-.example", "a@-b-.example"));
  CHECK(is_refused("", "is not a mail address"));
  CHECK(is_refused("jörg@b.example", "is not a mail address"));
  CHECK(is_refused("/etc/passwd", "/etc/passwd"));
  CHECK(is_refused("|rm", "|rm"));
  CHECK(is_refused("\"a <a@b.example>", "is not a mail address"));
}

TEST_CASE("correspondents: line ends and other control characters are refused, and octets that are no UTF-8") {
  for (const char* const list : {"a@b.example\nBcc: x@y.example", "a@b.example\r", "A\tB <a@b.example>", "a@b.example\x7f"})
    CHECK(is_refused(list, "control character"));
  CHECK(is_refused("M\xFCller <a@b.example>", "is not UTF-8"));
}
