// The configuration's files: which are read, in which order, and the effect of later ones.
#include "mta/config/config_files.h"

#include <boost/filesystem/fstream.hpp>
#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>

#include "mta/config/config.h"
#include "mta/config/placed_config.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::mta;

namespace {

// A folder with mxpress.toml and conf.d.
struct Files {
  test::TempFolder folder;
  boost::filesystem::path main = folder.path() / "mxpress.toml";

  Files() { boost::filesystem::create_directory(folder.path() / "conf.d"); }
  void write(const std::string& name, const std::string& text) const {
    boost::filesystem::ofstream(folder.path() / name, std::ios::binary) << text;
  }
  std::string in(const std::string& name) const { return (folder.path() / name).string(); }
};

}  // namespace

TEST_CASE("configuration files: a key of conf.d takes the place of the one in mxpress.toml, and tables merge") {
  Files files;
  files.write("mxpress.toml", "hostname = \"a.example\"\n[local]\naliases = { root = \"me@a.example\", bob = \"b@a.example\" }\n");
  files.write("conf.d/50-more.toml",
              "hostname = \"b.example\"\n[local]\naliases = { root = \"you@b.example\" }\n[retry]\nlifetime = \"2d\"\n");
  const auto config = load_config(files.main);
  REQUIRE(config.ok());
  CHECK(config->hostname == "b.example");
  CHECK(config->local.aliases.at("root") == std::vector<std::string>{"you@b.example"});
  CHECK(config->local.aliases.at("bob") == std::vector<std::string>{"b@a.example"});
  CHECK(config->retry.lifetime == std::chrono::hours(48));
}

TEST_CASE("configuration files: of conf.d the last in order of names wins; other names are passed over") {
  Files files;
  files.write("mxpress.toml", "");
  files.write("conf.d/90.toml", "hostname = \"ninety.example\"\n");
  files.write("conf.d/10.toml", "hostname = \"ten.example\"\n");
  for (const char* const name : {"conf.d/99.toml.dpkg-old", "conf.d/99.toml~", "conf.d/.99.toml", "conf.d/README"})
    files.write(name, "hostname = \"no.example\"\n");
  CHECK(load_config(files.main).value().hostname == "ninety.example");
}

TEST_CASE("configuration files: a mistake is told with the file and the line where it stands") {
  Files files;
  files.write("mxpress.toml", "# one\n# two\n[retry]\nlifetime = \"never\"");  // without a line end
  files.write("conf.d/10.toml", "\n\nhostnam = \"a.example\"\n");
  files.write("conf.d/20.toml", "sender_domain = \"a.example\"\n");
  files.write("conf.d/30.toml", "[delivery]\nmax_sessions = 1\nmax_sessions_per_site = \"x\"\n");
  const auto config = load_config(files.main);
  REQUIRE_FALSE(config.ok());
  CHECK(config.error().message.find(files.in("mxpress.toml") + ":4: [retry] lifetime") != std::string::npos);
  CHECK(config.error().message.find(files.in("conf.d/10.toml") + ":3: unknown key hostnam") != std::string::npos);
  CHECK(config.error().message.find(files.in("conf.d/30.toml") + ":3: [delivery] max_sessions_per_site") != std::string::npos);
  CHECK(config.error().message.find("20.toml") == std::string::npos);
}

TEST_CASE("configuration files: what is no TOML, or cannot be read, is told with its own file") {
  Files files;
  files.write("mxpress.toml", "# fine\n");
  files.write("conf.d/10.toml", "# fine\nhostname = a.example\n");
  const auto config = load_config(files.main);
  REQUIRE_FALSE(config.ok());
  CHECK(config.error().message.find(files.in("conf.d/10.toml") + ":2: not valid TOML") != std::string::npos);
  boost::filesystem::remove(files.in("conf.d/10.toml"));
  boost::filesystem::create_directory(files.in("conf.d/10.toml"));
  CHECK(load_config(files.main).error().message.find(files.in("conf.d/10.toml")) != std::string::npos);
}

TEST_CASE("configuration files: a table of one file and a value of another with its name do not merge") {
  Files files;
  files.write("mxpress.toml", "[retry]\nlifetime = \"1d\"\n");
  files.write("conf.d/10.toml", "retry = 1\n");
  CHECK(load_config(files.main).error().message.find(files.in("conf.d/10.toml") + ":1: retry must be a table") != std::string::npos);
}

TEST_CASE("configuration files: each key knows where it was set") {
  Files files;
  files.write("mxpress.toml", "hostname = \"a.example\"\n[route]\nhost = \"hub.example\"\n");
  files.write("conf.d/10.toml", "\n[route]\nhost = \"other.example\"\n");
  const auto placed = config::load_placed_config(files.main);
  REQUIRE(placed.ok());
  CHECK(placed->places.at(".hostname") == files.in("mxpress.toml") + ":1");
  CHECK(placed->places.at("route.host") == files.in("conf.d/10.toml") + ":3");
  CHECK(placed->files.size() == 2);
}

TEST_CASE("configuration files: a new text of mxpress.toml is judged together with conf.d") {
  Files files;
  files.write("mxpress.toml", "");
  files.write("conf.d/10.toml", "[credentials.office]\nuser = \"me\"\npassword_file = \"/nowhere\"\n");
  const std::string text = "[route]\nhost = \"hub.example\"\nauth = \"office\"\n";
  CHECK(config::check_with_text(files.main, text).ok());
  CHECK_FALSE(parse_config(text, "alone").ok());
  CHECK_FALSE(config::check_with_text(files.main, "hostnam = \"x\"\n").ok());
}
