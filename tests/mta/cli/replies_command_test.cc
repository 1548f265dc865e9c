// mxpress replies.
#include "mta/cli/replies_command.h"

#include <boost/filesystem/fstream.hpp>
#include <catch2/catch.hpp>
#include <sstream>

#include "mta/cli/command_line.h"
#include "mta/config/config.h"
#include "mta/replies/current_rules.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::mta;
using namespace mxpress::mta::cli;
using Catch::Contains;

namespace {

constexpr const char* kRule = "[[rule]]\nname = \"mine\"\ntext = \"go away\"\nclass = \"rate\"\nwho = \"nobody\"\ncause = \"Mine.\"\n";

struct Scene {
  test::TempFolder folder;
  Config config;
  std::ostringstream out, error;

  Scene() {
    config.file = folder.path() / "mxpress.toml";
    config.listen.control_socket = folder.path() / "control";
  }
  std::string file(const std::string& text) const {
    const auto path = folder.path() / "given.toml";
    boost::filesystem::ofstream(path) << text;
    return path.string();
  }
  ExitCode run(const std::vector<std::string>& words) {
    out.str("");
    error.str("");
    std::vector<std::string> arguments = {"replies"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    const auto line = parse_command_line(arguments);
    REQUIRE(line.ok());
    return run_replies(*line, config, {out, error});
  }
};

}  // namespace

TEST_CASE("mxpress replies: the words are check FILE, use FILE, limits, test TEXT and test TEXT HOST") {
  CHECK_FALSE(mistake_in_replies({"check", "f"}));
  CHECK_FALSE(mistake_in_replies({"use", "f"}));
  CHECK_FALSE(mistake_in_replies({"test", "550 no"}));
  CHECK_FALSE(mistake_in_replies({"test", "550 no", "mx.example.org"}));
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{}, {"check"}, {"use", "a", "b"}, {"test"}, {"show", "f"}})
    CHECK(mistake_in_replies(words));
  CHECK_FALSE(parse_command_line({"replies", "test", "550", "no", "such", "user"}).ok());
}

TEST_CASE("mxpress replies check: a good file, one with mistakes, and none") {
  Scene scene;
  CHECK(scene.run({"check", scene.file(kRule)}) == ExitCode::ok);
  CHECK_THAT(scene.out.str(), Contains("given.toml: 1 rules"));
  CHECK(scene.run({"check", scene.file("[[rule]]\nwho = \"me\"\n")}) == ExitCode::nothing_matched);
  CHECK_THAT(scene.error.str(), Contains("given.toml:2: nobody is called me"));
  CHECK(scene.run({"check", (scene.folder.path() / "absent").string()}) == ExitCode::failed);
}

TEST_CASE("mxpress replies use: a good file takes effect, one with a mistake changes nothing") {
  Scene scene;
  const auto target = replies::replacement_for(scene.config);
  CHECK(scene.run({"use", scene.file("[[rule]]\n")}) == ExitCode::nothing_matched);
  CHECK_FALSE(boost::filesystem::exists(target));
  CHECK(scene.run({"use", scene.file(kRule)}) == ExitCode::ok);
  CHECK_THAT(scene.out.str(), Contains("No daemon runs"));
  CHECK(replies::current_rules(scene.config).source == target.string());
  CHECK((boost::filesystem::status(target).permissions() & 0777) == 0644);
  CHECK(scene.run({"use", scene.file("[[rule]]\n")}) == ExitCode::nothing_matched);
  CHECK(replies::current_rules(scene.config).rules->rules().front().name == "mine");
}

TEST_CASE("mxpress replies test: the rule, what it says, and where it is another one") {
  Scene scene;
  CHECK(scene.run({"test", "550 5.1.1 user unknown"}) == ExitCode::ok);
  CHECK_THAT(scene.out.str(), Contains("rule: unknown-user (line ") && Contains("class: recipient") && Contains("returned at once"));
  CHECK_THAT(scene.out.str(), Contains("in the greeting: no rule"));
  CHECK(scene.run({"test", "450 4.7.1 greylisted, try again in 5 minutes"}) == ExitCode::ok);
  CHECK_THAT(scene.out.str(), Contains("it asks to be tried again in 5m"));
  CHECK(scene.run({"test", "450 xyzzy"}) == ExitCode::nothing_matched);
  CHECK_THAT(scene.out.str(), Contains("No rule matches."));
  CHECK(scene.run({"test", "554 Bad DNS PTR resource record", "mx00.gmx.net"}) == ExitCode::ok);
  CHECK_THAT(scene.out.str(), Contains("gmx-ptr") && Contains("is kept"));
}

TEST_CASE("mxpress replies test: as JSON") {
  Scene scene;
  CHECK(scene.run({"test", "550 5.1.1 user unknown", "--json"}) == ExitCode::ok);
  CHECK_THAT(scene.out.str(), Contains("\"rule\":\"unknown-user\"") && Contains("\"own_fault\":false"));
}

TEST_CASE("mxpress replies test: a broken replacement is told") {
  Scene scene;
  boost::filesystem::ofstream(replies::replacement_for(scene.config)) << "[[rule]]\n";
  CHECK(scene.run({"test", "550 5.1.1 user unknown"}) == ExitCode::ok);
  CHECK_THAT(scene.error.str(), Contains("the rules of mxpress are used"));
}

TEST_CASE("mxpress replies limits: of all providers, or of that of a mail host") {
  Scene scene;
  CHECK(scene.run({"limits"}) == ExitCode::ok);
  CHECK_THAT(scene.out.str(), Contains("gmail: aspmx.l.google.com ") && Contains("; connections at a time: 5; messages over each: 50\n") &&
                                  Contains("orange:"));
  CHECK(scene.run({"limits", "aspmx.l.google.com"}) == ExitCode::ok);
  CHECK_THAT(scene.out.str(), Contains("gmail:") && !Contains("orange:"));
  CHECK(scene.run({"limits", "mx.example.org"}) == ExitCode::nothing_matched);
  CHECK(scene.out.str() == "No limit is known.\n");
}
