// Pieces of configuration files.
#include "mta/migrate/text.h"

#include <catch2/catch.hpp>

namespace mxpress::testing {

using namespace mta::migrate;

TEST_CASE("text: lines that begin with a blank go on with the one before, and comments between them do not end it") {
  const auto lines = joined_lines("# one\na = b,\n# two\n\n  c\n\td\ne = f\n   # three\n");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].text == "a = b, c d");
  CHECK(lines[0].number == 2);
  CHECK(lines[1].text == "e = f");
  CHECK(lines[1].number == 7);
}

TEST_CASE("text: words as a shell quotes them") {
  using Words = std::vector<std::string>;
  CHECK(*shell_words("host smtp pass='my pass phrase' \"a \\\"b\\\" \\c\" d\\ e ''") ==
        Words{"host", "smtp", "pass=my pass phrase", "a \"b\" \\c", "d e", ""});
  CHECK(shell_words("  ")->empty());
  CHECK_FALSE(shell_words("pass='open"));
}

TEST_CASE("text: a port is a number or the name of a mail service") {
  CHECK(port_of("587") == 587);
  CHECK(port_of("submission") == 587);
  CHECK(port_of("smtps") == 465);
  for (const char* const wrong : {"", "0", "65536", "25x", "-1", "http"}) CHECK_FALSE(port_of(wrong));
}

TEST_CASE("text: an entry of aliases by its name") {
  CHECK(value_in_aliases("root: a\n# default: no\nDefault : b,\n  c\n", "default") == "b, c");
  CHECK_FALSE(value_in_aliases("root: a\n", "default"));
}

}  // namespace mxpress::testing
