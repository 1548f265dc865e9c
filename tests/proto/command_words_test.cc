// Tests of splitting the commands of aliases into words.
#include "proto/command_words.h"

#include <catch2/catch.hpp>

using namespace mxpress::proto;

namespace {

std::string words(const std::string& command) {
  const auto split = command_words(command);
  if (!split) return "refused: " + split.error().message;
  std::string all;
  for (const std::string& word : *split) all += "[" + word + "]";
  return all;
}

}  // namespace

TEST_CASE("command words: blanks separate, quotes and backslashes keep what is a shell's or a blank") {
  CHECK(words("/bin/a b\tc ") == "[/bin/a][b][c]");
  CHECK(words("/bin/a \"b c\" 'd \"e' f\\ g") == "[/bin/a][b c][d \"e][f g]");
  CHECK(words("/bin/a '' \"\"") == "[/bin/a][][]");
  CHECK(words("/bin/a b'c'\"d\"") == "[/bin/a][bcd]");
  CHECK(words("/bin/a '$x;|&' \\$y \"a;b\" \"\\$\"") == "[/bin/a][$x;|&][$y][a;b][$]");
  CHECK(words("/bin/a 'b\\'") == "[/bin/a][b\\]");
}

TEST_CASE("command words: what a shell alone understands is refused, and so is what is no program") {
  for (const char* command : {"/bin/a $USER", "/bin/a > /tmp/x", "/bin/a | /bin/b", "/bin/a; /bin/b", "/bin/a `b`", "/bin/a \"$b\"",
                              "/bin/a *", "/bin/a & b", "/bin/a (b)"})
    CHECK_THAT(words(command), Catch::StartsWith("refused: no shell reads the command"));
  CHECK_THAT(words("cat"), Catch::Contains("full path"));
  CHECK_THAT(words("  "), Catch::Contains("is empty"));
  CHECK_THAT(words("''"), Catch::Contains("full path"));
  CHECK_THAT(words("/bin/a 'b"), Catch::Contains("not closed"));
  CHECK_THAT(words("/bin/a b\\"), Catch::Contains("ends with a backslash"));
}
