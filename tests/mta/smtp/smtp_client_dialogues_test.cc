// The client side of SMTP against the conversations in tests/dialogues.
#include <algorithm>
#include <boost/filesystem/directory.hpp>
#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "tests/support/dialogue.h"
#include "tests/support/source_folder.h"

namespace mxpress::testing {
namespace {

namespace fs = boost::filesystem;

std::vector<fs::path> all_dialogues() {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(test::source_folder() / "tests/dialogues")) {
    if (entry.path().extension() == ".dialogue") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST_CASE("client: every dialogue goes as it is written") {
  const std::vector<fs::path> files = all_dialogues();
  REQUIRE(files.size() >= 40);
  for (const fs::path& file : files) {
    DYNAMIC_SECTION(file.stem().string()) { CHECK(joined(play_dialogue(read_file(file))) == ""); }
  }
}

TEST_CASE("client: the player of dialogues notices what does not go as written") {
  const std::string text = "---\nS: 220 hi\nC: EHLO somebody.else.example\n---\nopen: ok\n";
  const std::vector<std::string> complaints = play_dialogue(text);
  REQUIRE_FALSE(complaints.empty());
  CHECK(complaints.front().find("line 3: expected: EHLO somebody.else.example") == 0);
}

}  // namespace
}  // namespace mxpress::testing
