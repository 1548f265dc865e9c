// Giving up root, the folders of the spool, and reports to systemd.
#include "mta/system/privileges.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>

#include "mta/system/notify.h"

using namespace mxpress;
using namespace mxpress::mta;
namespace fs = boost::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / fs::unique_path();
  Folder() {
    fs::create_directory(path);
    ::chmod(path.c_str(), 0755);
  }
  ~Folder() { fs::remove_all(path); }
};

Config config_in(const fs::path& folder) {
  auto config = parse_config("hostname = \"a.example\"", "x.toml");
  REQUIRE(config);
  config->spool_directory = folder / "spool/of/mail";
  config->listen.submission_socket = folder / "run/submission";
  config->listen.control_socket = folder / "run/control";
  config->user = "nobody";
  return *config;
}

mode_t mode_of(const fs::path& path) {
  struct stat status{};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

uid_t owner_of(const fs::path& path) {
  struct stat status{};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_uid;
}

// A value of /proc/self/status.
std::string own_status(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;)
    if (word == key && file >> word) return word;
  return {};
}

// The exit code of `child` in a process of its own: a user, once given up, does not come back.
int in_child(const std::function<int()>& child) {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) ::_exit(child());
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("privileges: a missing user is an error that says how to create it") {
  const auto user = system::find_user("no-such-user-here");
  REQUIRE_FALSE(user);
  CHECK_THAT(user.error().message, Catch::Contains("there is no user \"no-such-user-here\"") && Catch::Contains("adduser --system"));
}

TEST_CASE("privileges: root is refused as the user to become") {
  CHECK_FALSE(system::find_user("root"));
  if (system::is_root()) CHECK_FALSE(system::become_user({"root", 0, 0}));
}

TEST_CASE("privileges: the spool may be passed through but not listed, everybody may leave mail in drop/, nothing else is open") {
  const Folder folder;
  const Config config = config_in(folder.path);
  REQUIRE(system::prepare_spool_directory(config));
  CHECK(mode_of(config.spool_directory) == 0711);
  CHECK(mode_of(config.drop_directory()) == 03733);
  CHECK(mode_of(config.mailbox_directory()) == 0700);
  ::chmod(config.drop_directory().c_str(), 0700);
  REQUIRE(system::prepare_spool_directory(config));
  CHECK(mode_of(config.drop_directory()) == 03733);
}

TEST_CASE("privileges: a symbolic link in the place of drop/ is an error, and its target is left alone") {
  const Folder folder;
  const Config config = config_in(folder.path);
  fs::create_directories(config.spool_directory);
  fs::create_directory(folder.path / "target");
  ::chmod((folder.path / "target").c_str(), 0755);
  fs::create_symlink(folder.path / "target", config.drop_directory());
  CHECK_FALSE(system::prepare_spool_directory(config));
  CHECK(mode_of(folder.path / "target") == 0755);
}

TEST_CASE("privileges: root becomes the user for good, with folders that belong to it") {
  if (!system::is_root()) return;  // an ordinary user does not change: see the next test
  const Folder folder;
  const Config config = config_in(folder.path);
  const auto nobody = system::find_user("nobody");
  REQUIRE(nobody);
  const int code = in_child([&] {
    if (!system::give_up_root(config)) return 1;
    if (::geteuid() != nobody->uid || ::getegid() != nobody->gid) return 2;
    if (::setuid(0) == 0 || ::setgid(0) == 0) return 3;
    gid_t groups[64];
    const int count = ::getgroups(64, groups);
    for (int i = 0; i < count; ++i)
      if (groups[i] == 0) return 4;
    return 0;
  });
  CHECK(code == 0);
  CHECK(owner_of(config.spool_directory) == nobody->uid);
  CHECK(owner_of(config.drop_directory()) == nobody->uid);
  CHECK(owner_of(folder.path / "run") == nobody->uid);
  CHECK(mode_of(folder.path / "run") == 0755);
  CHECK(owner_of(folder.path / "spool") == 0);
}

TEST_CASE("privileges: whoever starts the daemon, no capability is left, and none can be had again") {
  const Folder folder;
  const Config config = config_in(folder.path);
  const int code = in_child([&] {
    if (!system::forbid_new_privileges() || !system::give_up_root(config)) return 1;
    for (const char* set : {"CapInh:", "CapPrm:", "CapEff:", "CapAmb:"})
      if (own_status(set) != "0000000000000000") return 2;
    if (system::is_root()) return 3;
    return own_status("NoNewPrivs:") == "1" ? 0 : 4;
  });
  CHECK(code == 0);
}

TEST_CASE("privileges: an ordinary user who may open low ports loses that right") {
  if (!system::is_root()) return;  // only root can lend it
  const Folder folder;
  const Config config = config_in(folder.path);
  ::chmod(folder.path.c_str(), 0777);
  const int code = in_child([&] {
    if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || ::setgroups(0, nullptr) != 0 || ::setgid(12345) != 0 || ::setuid(12345) != 0) return 1;
    if (own_status("CapPrm:") == "0000000000000000") return 2;
    if (!system::give_up_root(config)) return 3;
    return own_status("CapPrm:") == "0000000000000000" ? 0 : 4;
  });
  CHECK(code == 0);
}

TEST_CASE("privileges: an empty folder for the sockets that root owns is given to the user if it has its name, and no other is") {
  if (!system::is_root()) return;
  const Folder folder;
  const auto nobody = system::find_user("nobody");
  REQUIRE(nobody);
  Config config = config_in(folder.path);
  config.listen.control_socket = folder.path / "run/mxpress/control";
  config.listen.submission_socket = folder.path / "run/other/submission";
  fs::create_directories(folder.path / "run/mxpress");
  fs::create_directories(folder.path / "run/other");
  REQUIRE(system::prepare_directories_as_root(config, *nobody));
  CHECK(owner_of(folder.path / "run/mxpress") == nobody->uid);
  CHECK(owner_of(folder.path / "run/other") == 0);
  CHECK(owner_of(folder.path / "run") == 0);
}

TEST_CASE("privileges: a folder for the sockets that holds something stays root's") {
  if (!system::is_root()) return;
  const Folder folder;
  Config config = config_in(folder.path);
  config.listen.control_socket = config.listen.submission_socket = folder.path / "run/mxpress/control";
  fs::create_directories(folder.path / "run/mxpress/kept");
  REQUIRE(system::prepare_directories_as_root(config, *system::find_user("nobody")));
  CHECK(owner_of(folder.path / "run/mxpress") == 0);
}

TEST_CASE("privileges: a folder of somebody else's, or one with content, is not taken over") {
  if (!system::is_root()) return;
  const Folder folder;
  const Config config = config_in(folder.path);
  const auto nobody = system::find_user("nobody");
  fs::create_directories(config.spool_directory / "something");
  fs::create_directories(folder.path / "run");
  const Status status = system::prepare_directories_as_root(config, *nobody);
  REQUIRE_FALSE(status);
  CHECK_THAT(status.error().message, Catch::Contains("chown -R nobody:"));
  CHECK(owner_of(config.spool_directory) == 0);
  fs::remove(config.spool_directory / "something");
  REQUIRE(system::prepare_directories_as_root(config, *nobody));
  CHECK(owner_of(config.spool_directory) == nobody->uid);
  CHECK(owner_of(folder.path / "run") == 0);
}

TEST_CASE("privileges: an ordinary user keeps his user and gets his folders") {
  const Folder folder;
  const Config config = config_in(folder.path);
  ::chmod(folder.path.c_str(), 0777);
  const int code = in_child([&] {
    if (::getuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setgid(12345) != 0 || ::setuid(12345) != 0)) return 1;
    const uid_t before = ::geteuid();
    if (const Status status = system::give_up_root(config); !status) return 2;
    return ::geteuid() == before ? 0 : 3;
  });
  CHECK(code == 0);
  CHECK(mode_of(config.drop_directory()) == 03733);
}

TEST_CASE("notify: systemd hears READY with one clean line of status, and nothing is sent without it") {
  const Folder folder;
  const fs::path path = folder.path / "notify";
  const int manager = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  REQUIRE(::bind(manager, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  char buffer[1000];
  ::unsetenv("NOTIFY_SOCKET");
  system::notify_ready("nobody listens");
  CHECK(::recv(manager, buffer, sizeof buffer, 0) == -1);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  system::notify_ready("ready\nSTOPPING=1");
  ::unsetenv("NOTIFY_SOCKET");
  const ssize_t size = ::recv(manager, buffer, sizeof buffer, 0);
  REQUIRE(size > 0);
  CHECK(std::string(buffer, static_cast<std::size_t>(size)) == "READY=1\nSTATUS=ready STOPPING=1");
  ::close(manager);
}

TEST_CASE("privileges: a daemon that is started without standard descriptors gets them, and keeps nothing else that was left open") {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    const int left_open = ::dup(0);
    for (const int number : {0, 1, 2}) ::close(number);
    system::tidy_descriptors();
    bool good = ::fcntl(left_open, F_GETFD) < 0;
    for (const int number : {0, 1, 2}) good = good && ::fcntl(number, F_GETFD) >= 0;
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
}
