// Files that are replaced as a whole, on the real disk.
#include "mta/system/atomic_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem/fstream.hpp>
#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"

namespace mxpress::testing {
namespace {

using namespace mta::system;

void write(const boost::filesystem::path& file, const std::string& text) { boost::filesystem::ofstream(file, std::ios::binary) << text; }
mode_t mode_of(const boost::filesystem::path& file) {
  struct stat status{};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  return status.st_mode & 07777;
}
std::size_t files_in(const boost::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(boost::filesystem::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("atomic file: a changed file keeps its mode, also a read-only one, and nothing is left beside it") {
  const test::TempFolder folder;
  const auto file = folder.path() / "mxpress.toml";
  for (const mode_t mode : {0644u, 0600u, 0444u}) {
    boost::filesystem::remove(file);
    write(file, "old");
    REQUIRE(::chmod(file.c_str(), mode) == 0);
    CHECK(change_file(file, "old", "new").ok());
    CHECK(*read_small_file(file) == "new");
    CHECK(mode_of(file) == mode);
    CHECK(files_in(folder.path()) == 1);
  }
}

TEST_CASE("atomic file: a symbolic link stays one, and leads to the new content") {
  const test::TempFolder folder;
  const auto target = folder.path() / "real", link = folder.path() / "link";
  write(target, "old");
  boost::filesystem::create_symlink("real", link);
  CHECK(change_file(link, "old", "new").ok());
  CHECK(boost::filesystem::is_symlink(link));
  CHECK(*read_small_file(target) == "new");
  boost::filesystem::remove(target);
  CHECK_FALSE(change_file(link, "", "new").ok());
}

TEST_CASE("atomic file: what somebody else has changed meanwhile, and what is no file, is left as it is") {
  const test::TempFolder folder;
  const auto file = folder.path() / "file";
  write(file, "theirs");
  const auto status = change_file(file, "old", "new");
  REQUIRE_FALSE(status.ok());
  CHECK_THAT(status.error().message, Catch::Contains("changed meanwhile"));
  CHECK(*read_small_file(file) == "theirs");
  CHECK_FALSE(change_file(folder.path(), "", "new").ok());
}

TEST_CASE("atomic file: one that is not there is made, and one that is there is not made again") {
  const test::TempFolder folder;
  const auto file = folder.path() / "file";
  CHECK_FALSE(read_small_file(file).error().is_transient());
  CHECK(change_file(file, "", "new").ok());
  CHECK(mode_of(file) == 0644);
  CHECK_FALSE(create_file(file, "again", {}).ok());
  CHECK(*read_small_file(file) == "new");
}

}  // namespace mxpress::testing
