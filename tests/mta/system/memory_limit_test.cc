// The memory that the daemon may use.
#include "mta/system/memory_limit.h"

#include <boost/filesystem.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/temp_folder.h"

using namespace mxpress;

namespace {

struct System {
  test::TempFolder root;
  void write(const std::string& path, const std::string& text) {
    const auto file = root.path() / path;
    boost::filesystem::create_directories(file.parent_path());
    std::ofstream(file.string()) << text;
  }
  std::uint64_t limit() const { return mta::system::memory_limit(root.path().string()); }
};

constexpr std::uint64_t kMiB = 1 << 20;

}  // namespace

TEST_CASE("memory limit: the memory of the machine, where no cgroup limits it") {
  System system;
  system.write("proc/meminfo", "MemTotal:        2048000 kB\nMemFree: 1 kB\n");
  CHECK(system.limit() == 2'048'000 * 1024ull);
  system.write("proc/self/cgroup", "0::/system.slice/mxpress.service\n");
  system.write("sys/fs/cgroup/system.slice/mxpress.service/memory.max", "max\n");
  CHECK(system.limit() == 2'048'000 * 1024ull);
}

TEST_CASE("memory limit: the least of the cgroup and those above it") {
  System system;
  system.write("proc/meminfo", "MemTotal:        2048000 kB\n");
  system.write("proc/self/cgroup", "1:name=systemd:/other\n0::/a.slice/b.service\n");
  system.write("sys/fs/cgroup/a.slice/b.service/memory.max", std::to_string(512 * kMiB));
  CHECK(system.limit() == 512 * kMiB);
  system.write("sys/fs/cgroup/a.slice/memory.max", std::to_string(256 * kMiB));
  CHECK(system.limit() == 256 * kMiB);
}

TEST_CASE("memory limit: a cgroup of version 1, and one whose path this process cannot see") {
  System system;
  system.write("proc/meminfo", "MemTotal:        2048000 kB\n");
  system.write("proc/self/cgroup", "5:cpu:/x\n4:memory:/a/b\n0::/\n");
  system.write("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", std::to_string(512 * kMiB));
  system.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(system.limit() == 512 * kMiB);
  system.write("proc/self/cgroup", "4:memory:/elsewhere\n");
  system.write("sys/fs/cgroup/memory/memory.limit_in_bytes", std::to_string(128 * kMiB));  // a container: its own is at the root
  CHECK(system.limit() == 128 * kMiB);
}

TEST_CASE("memory limit: a gibibyte where nothing says it") { CHECK(System().limit() == 1024 * kMiB); }
