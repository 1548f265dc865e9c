// mxpress aliases, newaliases and sendmail -bv.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "mta/cli/commands.h"
#include "tests/support/temp_folder.h"

namespace mxpress::testing {
namespace {

using mta::cli::ExitCode;

struct Host {
  explicit Host(const std::string& aliases) {
    std::ofstream(path("aliases")) << aliases;
    std::ofstream(path("mxpress.toml")) << "hostname = \"mx.here.example\"\n[local]\nalias_file = \"" << path("aliases")
                                        << "\"\naliases = { web = \"w@there.example\" }\n";
  }
  std::string path(const std::string& name) const { return (folder.path() / name).string(); }
  ExitCode run(std::vector<std::string> words) {
    words.insert(words.begin(), {"-c", path("mxpress.toml")});
    std::ostringstream output, errors;
    const ExitCode code = mta::cli::run_mxpress(words, {output, errors});
    out = output.str();
    error = errors.str();
    return code;
  }

  test::TempFolder folder;
  std::string out, error;
};

}  // namespace

TEST_CASE("mxpress aliases: right aliases are counted, and mistakes named by line; newaliases has sysexits") {
  Host right("root: a@there.example\n");
  CHECK(right.run({"newaliases"}) == ExitCode::ok);
  CHECK(right.error.empty());
  CHECK(right.out.find("aliases: 1 aliases; mxpressd reads the file when it changes: nothing has to be built.") != std::string::npos);
  Host wrong("root: a b\nnothing\nx: :include:/nonexistent/list\n");
  CHECK(wrong.run({"newaliases"}) == ExitCode::data);
  CHECK(wrong.error.find("aliases:1: \"a b\" is no address") != std::string::npos);
  CHECK(wrong.error.find("aliases:2: has no colon") != std::string::npos);
  CHECK(wrong.error.find("/nonexistent/list: No such file or directory") != std::string::npos);
  CHECK(wrong.run({"aliases"}) == ExitCode::nothing_matched);
  Host folder("");
  boost::filesystem::remove(folder.path("aliases"));
  boost::filesystem::create_directory(folder.path("aliases"));
  CHECK(folder.run({"newaliases"}) == ExitCode::configuration);
  CHECK(folder.run({"newaliases", "x"}) == ExitCode::usage);
}

TEST_CASE("mxpress aliases NAME: where its mail goes, and why not") {
  Host host("staff: root, a@there.example, |/bin/x\nvoid: /var/x\n");
  CHECK(host.run({"aliases", "Staff"}) == ExitCode::ok);
  CHECK(host.out == "Staff@mx.here.example\n  root@mx.here.example (stays on this host)\n  a@there.example\n  left out: " +
                        host.path("aliases") + ":1: no command is run for mail: |/bin/x\n");
  CHECK(host.run({"aliases", "web"}) == ExitCode::ok);
  CHECK(host.out == "web@mx.here.example\n  w@there.example\n");
  CHECK(host.run({"aliases", "void"}) == ExitCode::nothing_matched);
  CHECK(host.run({"aliases", "rooot"}) == ExitCode::nothing_matched);
  CHECK(host.out.find("no user rooot on this host; did you mean root?") != std::string::npos);
  CHECK(host.run({"verify", "--", "rooot"}) == ExitCode::no_user);
  CHECK(host.run({"aliases", "a\nb"}) == ExitCode::nothing_matched);
  CHECK(host.run({"aliases", "--json"}) == ExitCode::usage);
}

}  // namespace mxpress::testing
