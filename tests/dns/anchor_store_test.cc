// Trust anchors in files.
#include "dns/anchor_store.h"

#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "tests/support/temp_folder.h"

namespace mxpress::dns {
namespace {

const std::string kOld = ". IN DNSKEY 257 3 8 OLD=", kNew = ". IN DNSKEY 257 3 8 NEW=";

void write(const boost::filesystem::path& path, const std::string& text) { std::ofstream(path.string()) << text; }

std::string read(const boost::filesystem::path& path) {
  std::ifstream file(path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

struct World {
  test::TempFolder folder;
  boost::filesystem::path source = folder.path() / "root.key";
  AnchorStore store{source.string(), (folder.path() / "dnssec").string()};
  World() { write(source, kOld + " ; keytag 1\n"); }
};

TEST_CASE("anchor store: the first time, the anchors of the system are copied") {
  World world;
  const auto anchors = world.store.open();
  REQUIRE(anchors.ok());
  CHECK(anchors->records == std::vector{kOld});
  CHECK(anchors->note == "");
  CHECK(read(anchors->file) == kOld + "\n");
}

TEST_CASE("anchor store: what libunbound has noted in the copy counts, and stays") {
  World world;
  const std::string file = world.store.open()->file;
  const std::string noted = ".\t60\tIN\tDNSKEY\t257 3 8 NEW= ;;state=2 [  VALID  ]\n";
  write(file, noted);
  CHECK(world.store.open()->records == std::vector{kNew});
  CHECK(read(file) == noted);
}

TEST_CASE("anchor store: a damaged copy is replaced, and that is told") {
  World world;
  const std::string file = world.store.open()->file;
  for (const std::string damaged : {std::string(), std::string("\0\0\0\0", 4), std::string(";;last_success: 0\n")}) {
    write(file, damaged);
    const auto anchors = world.store.open();
    REQUIRE(anchors.ok());
    CHECK(anchors->records == std::vector{kOld});
    CHECK(anchors->note == file + " had no usable trust anchor, and was replaced by " + world.source.string());
    CHECK(read(file) == kOld + "\n");
  }
}

TEST_CASE("anchor store: without a file that has an anchor, the error says which package has one") {
  World world;
  write(world.source, "nothing\n");
  const auto anchors = world.store.open();
  REQUIRE_FALSE(anchors.ok());
  CHECK(anchors.error().message == "no trust anchor of the DNS root in " + world.source.string() + ": install dns-root-data");
}

TEST_CASE("anchor store: where nothing can be kept the anchors count nevertheless, and the note says why") {
  World world;
  const AnchorStore store(world.source.string(), (world.folder.path() / "absent" / "dnssec").string());
  const auto anchors = store.open();
  REQUIRE(anchors.ok());
  CHECK(anchors->file == "");
  CHECK(anchors->records == std::vector{kOld});
  CHECK_THAT(anchors->note,
             Catch::StartsWith("changes of the root's keys cannot be kept: ") && Catch::EndsWith("No such file or directory"));
  CHECK(AnchorStore(world.source.string(), "").open()->note == "");
}

TEST_CASE("anchor store: the copy is replaced only if the system knows an anchor that the copy lacks") {
  World world;
  const std::string file = world.store.open()->file;
  CHECK_FALSE(world.store.replace_if_outdated());
  write(file, ".\t60\tIN\tDNSKEY\t257 3 8 OLD= ;;state=2 [  VALID  ]\n");
  CHECK_FALSE(world.store.replace_if_outdated());
  write(world.source, kOld + "\n" + kNew + "\n");
  CHECK(world.store.replace_if_outdated());
  CHECK(world.store.open()->records == std::vector{kOld, kNew});
}

TEST_CASE("anchor store: another source does not meet the copy of an earlier one") {
  World world;
  (void)world.store.open();
  const auto other = world.folder.path() / "other.key";
  write(other, kNew + "\n");
  CHECK(AnchorStore(other.string(), (world.folder.path() / "dnssec").string()).open()->records == std::vector{kNew});
}

}  // namespace
}  // namespace mxpress::dns
