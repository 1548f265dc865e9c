// Files of aliases that change, disappear, or are not trusted.
#include "mta/routing/alias_book.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <vector>

#include "mta/system/log.h"
#include "tests/support/temp_folder.h"

namespace mxpress::testing {
namespace {

using test::TempFolder;

// A folder with a book of aliases, and the lines that it logs.
class Library {
 public:
  Library() {
    mta::capture_log([](const mta::LogLine& line, void* self) { static_cast<Library*>(self)->lines.push_back(line.text()); }, this);
  }
  ~Library() { mta::capture_log(nullptr, nullptr); }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  // Like an editor: a new file replaces the old one.
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name) + ".new") << text;
    REQUIRE(::rename((path(name) + ".new").c_str(), path(name).c_str()) == 0);
  }
  std::string targets(const std::string& name) {
    book.look();
    const auto files = book.files();
    const auto found = files->table->names.find(name);
    std::string all;
    if (found == files->table->names.end()) return "none";
    for (const proto::AliasTarget& target : found->second) all += proto::to_string(target) + " ";
    return all;
  }
  mta::routing::AliasInclude included(const std::string& name) {
    book.look();
    const auto files = book.files();
    const auto found = files->includes.find(path(name));
    REQUIRE(found != files->includes.end());
    return *found->second;
  }

 private:
  TempFolder folder_;

 public:
  std::vector<std::string> lines;
  mta::routing::AliasBook book{path("aliases")};
};

}  // namespace

TEST_CASE("alias book: a file that changes is read again, one that does not is not") {
  Library library;
  CHECK(library.targets("a") == "none");
  CHECK(library.book.files()->is_known);
  library.write("aliases", "a: b\n");
  CHECK(library.targets("a") == "b ");
  const auto same = library.book.files();
  library.book.look();
  CHECK(library.book.files() == same);
  library.write("aliases", "a: c\n");
  CHECK(library.targets("a") == "c ");
}

TEST_CASE("alias book: a file that can be read no more keeps what it said, and the log has one line") {
  Library library;
  library.write("aliases", "a: b\n");
  CHECK(library.targets("a") == "b ");
  library.lines.clear();
  REQUIRE(::unlink(library.path("aliases").c_str()) == 0);
  for (int i = 0; i < 3; ++i) CHECK(library.targets("a") == "b ");
  CHECK(library.lines.size() == 1);
  CHECK(library.book.files()->failure == "No such file or directory");
  CHECK(library.book.files()->is_known);
  library.write("aliases", "a: c\n");
  CHECK(library.targets("a") == "c ");
  CHECK(library.book.files()->failure.empty());
}

TEST_CASE("alias book: a file that was never readable makes no name unknown; FIFOs, folders and giants are not read") {
  Library library;
  SECTION("FIFO") { REQUIRE(::mkfifo(library.path("aliases").c_str(), 0644) == 0); }
  SECTION("folder") { REQUIRE(::mkdir(library.path("aliases").c_str(), 0755) == 0); }
  SECTION("giant") {
    library.write("aliases", "");
    REQUIRE(::truncate(library.path("aliases").c_str(), mta::routing::AliasBook::kMostOfFile + 1) == 0);
  }
  library.book.look();
  CHECK_FALSE(library.book.files()->is_known);
  CHECK_FALSE(library.book.files()->failure.empty());
}

TEST_CASE("alias book: mistakes are logged by line") {
  Library library;
  library.write("aliases", "a: b\nwrong\n");
  library.book.look();
  REQUIRE(library.lines.size() == 2);
  CHECK(library.lines[1].find("line=2") != std::string::npos);
}

TEST_CASE("alias book: includes are read, and those in them; each again when it changes") {
  Library library;
  library.write("one", "x@there.example, :include:" + library.path("two") + "\n");
  library.write("two", "# none\n");
  library.write("aliases", "a: :include:" + library.path("one") + "\n");
  CHECK(library.included("one").targets.size() == 2);
  CHECK(library.included("two").targets.empty());
  library.write("two", "y\nz\n:include:" + library.path("one") + "\n");
  CHECK(library.included("two").targets.size() == 3);
}

TEST_CASE("alias book: an include that others may write, or that somebody else owns, is refused; one that cannot be read waits") {
  Library library;
  library.write("list", "x\n");
  library.write("aliases", "a: :include:" + library.path("list") + "\n");
  CHECK(library.included("list").failure.empty());
  for (const mode_t mode : {0664u, 0646u}) {
    REQUIRE(::chmod(library.path("list").c_str(), mode) == 0);
    CHECK(library.included("list").failure.find("others than its owner may write it") == 0);
    CHECK_FALSE(library.included("list").is_transient);
  }
  REQUIRE(::chmod(library.path("list").c_str(), 0644) == 0);
  CHECK(library.included("list").failure.empty());
  if (::geteuid() == 0) {
    REQUIRE(::chown(library.path("list").c_str(), 1234, 1234) == 0);
    CHECK(library.included("list").failure.find("it belongs neither to root") == 0);
    REQUIRE(::chown(library.path("aliases").c_str(), 1234, 1234) == 0);
    CHECK(library.included("list").failure.empty());
  }
  REQUIRE(::unlink(library.path("list").c_str()) == 0);
  CHECK(library.included("list").is_transient);
  REQUIRE(::mkfifo(library.path("list").c_str(), 0600) == 0);
  CHECK(library.included("list").failure == "is no plain file");
}

TEST_CASE("alias book: an include whose path others can lead elsewhere is refused until they cannot") {
  Library library;
  library.write("aliases", "a: :include:" + library.path("lists/list") + "\n");
  REQUIRE(::mkdir(library.path("lists").c_str(), 0755) == 0);
  library.write("lists/list", "x\n");
  CHECK(library.included("lists/list").failure.empty());
  library.write("lists/list", "y\n");
  REQUIRE(::chmod(library.path("lists").c_str(), 0777) == 0);
  CHECK(library.included("lists/list").failure.find("may be changed by others") != std::string::npos);
  REQUIRE(::chmod(library.path("lists").c_str(), 01777) == 0);
  CHECK(library.included("lists/list").failure.empty());
  if (::geteuid() != 0) return;
  REQUIRE(::chmod(library.path("lists").c_str(), 0755) == 0);
  REQUIRE(::chown(library.path("lists").c_str(), 1234, 1234) == 0);
  library.write("lists/list", "z\n");
  CHECK(library.included("lists/list").failure.find("belongs neither to root") != std::string::npos);
  library.write("secret", "password\n");
  REQUIRE(::chown(library.path("lists").c_str(), 0, 0) == 0);
  REQUIRE(::unlink(library.path("lists/list").c_str()) == 0);
  REQUIRE(::symlink(library.path("secret").c_str(), library.path("lists/list").c_str()) == 0);
  CHECK(library.included("lists/list").failure.empty());
  REQUIRE(::lchown(library.path("lists/list").c_str(), 1234, 1234) == 0);
  library.write("secret", "password!\n");
  CHECK(library.included("lists/list").failure.find("lists/list belongs neither to root") != std::string::npos);
}

}  // namespace mxpress::testing
