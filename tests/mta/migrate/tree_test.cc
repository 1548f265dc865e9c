// Files of a tree that cannot be used, and links in it.
#include "mta/migrate/tree.h"

#include <sys/stat.h>

#include "tests/support/host_tree.h"

namespace mxpress::testing {

using mta::migrate::Tree;
using test::HostTree;

namespace {

std::string error_of(const HostTree& host, const std::string& name) {
  const auto text = Tree(host.folder.path()).read(name);
  return text ? "" : text.error().message;
}

}  // namespace

TEST_CASE("tree: a file that is not there is none, and one that is no text is refused by name") {
  HostTree host;
  host.write("/etc/nul", std::string("a\nb\0c", 5)).write("/etc/large", std::string(10 << 20, 'x')).write("/etc/right", "text\n");
  REQUIRE(::mkfifo(host.path("/etc/fifo").c_str(), 0600) == 0);
  const Tree tree(host.folder.path());
  CHECK(*tree.read("/etc/right").value() == "text\n");
  CHECK_FALSE(tree.read("/etc/absent").value());
  CHECK_FALSE(tree.read("/etc/right/below-a-file").value());
  CHECK(error_of(host, "/etc") == host.path("/etc").string() + " is a directory");
  CHECK(error_of(host, "/etc/fifo") == host.path("/etc/fifo").string() + " is no plain file");
  CHECK(error_of(host, "/etc/large").find("is over 1 MiB") != std::string::npos);
  CHECK(error_of(host, "/etc/nul").find("has a NUL octet in line 2") != std::string::npos);
}

TEST_CASE("tree: symbolic links stay within the tree, as if it were the whole host") {
  HostTree host;
  host.write("/etc/real", "of the tree\n").write("/etc/here", "");
  boost::filesystem::create_symlink("/etc/real", host.path("/etc/absolute"));
  boost::filesystem::create_symlink("../../../../../../../../etc/real", host.path("/etc/upwards"));
  boost::filesystem::create_symlink("/etc/passwd", host.path("/etc/outside"));
  boost::filesystem::create_symlink("loop", host.path("/etc/loop"));
  const Tree tree(host.folder.path());
  CHECK(*tree.read("/etc/absolute").value() == "of the tree\n");
  CHECK(*tree.read("/etc/upwards").value() == "of the tree\n");
  CHECK_FALSE(tree.read("/etc/outside").value());
  CHECK_FALSE(tree.read("/etc/loop").ok());
}

}  // namespace mxpress::testing
