// A system that allows no more threads: no process dies because of it, and all recover.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <cstring>

#include "mta/auth/login.h"
#include "mta/auth/login_keeper.h"
#include "mta/config/config.h"
#include "mta/control/server.h"
#include "mta/intake/drop_folder.h"
#include "mta/intake/submit.h"
#include "queue/spool.h"
#include "tests/support/fake_control.h"
#include "tests/support/fake_spool.h"
#include "tests/support/without_threads.h"

using namespace mxpress;
using mxpress::testing::Threads;
using mxpress::testing::without_threads;
namespace fs = boost::filesystem;

namespace {

fs::path new_folder() {
  const fs::path folder = fs::temp_directory_path() / fs::unique_path();
  fs::create_directory(folder);
  return folder;
}

int connected(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? socket : -1;
}

// True if the server closes; a client that it serves would wait without end.
bool is_hung_up_on(int client) {
  char octet;
  const bool ended = ::read(client, &octet, 1) == 0;
  ::close(client);
  return ended;
}

int open_spool(const std::function<void(Threads)>& set) {
  queue::SystemDisk disk;
  queue::SpoolOptions options;
  options.directory = new_folder() / "spool";
  options.reserve_bytes = options.reserve_inodes = 0;
  const auto refused = queue::Spool::open(disk, options);
  if (refused || refused.error().message.find("thread") == std::string::npos) return 1;
  set(Threads::allowed);
  const auto opened = queue::Spool::open(disk, options);
  fs::remove_all(options.directory.parent_path());
  return opened ? 0 : 2;
}

int serve_control(const std::function<void(Threads)>& set) {
  testing::FakeControl backend;
  mta::control::ControlServerOptions options;
  options.socket = new_folder() / "control";
  if (mta::control::ControlServer::open(options, backend)) return 1;
  set(Threads::allowed);
  auto server = mta::control::ControlServer::open(options, backend);
  if (!server) return 2;
  set(Threads::forbidden);
  for (int i = 0; i < 3; ++i) {
    if (!is_hung_up_on(connected(options.socket))) return 3;
  }
  set(Threads::allowed);
  const int client = connected(options.socket);
  const std::uint32_t nonsense = 0xffffffff;  // a thread reads it, and closes
  if (::write(client, &nonsense, sizeof nonsense) != sizeof nonsense || !is_hung_up_on(client)) return 4;
  server->reset();
  fs::remove_all(options.socket.parent_path());
  return 0;
}

int start_drop_folder(const std::function<void(Threads)>& set) {
  mta::Config base;
  base.hostname = "mx.example";
  base.spool_directory = new_folder();
  fs::create_directories(base.drop_directory());
  mta::CurrentConfig config(base);
  testing::FakeSpool spool;
  mta::events::Hub events;
  mta::intake::Context context{config, spool, events, [](queue::QueueId, const proto::Envelope&) {}};
  mta::intake::DropFolder drop(context);
  if (drop.start()) return 1;
  set(Threads::allowed);
  if (!drop.start()) return 2;
  drop.stop();
  fs::remove_all(base.spool_directory);
  return 0;
}

class Slow final : public mta::auth::LoginSource {
 public:
  Result<mta::auth::FetchedSecret> fetch(const std::stop_token&) override { return mta::auth::FetchedSecret{mta::auth::Secret("secret")}; }
};

int fetch_login(const std::function<void(Threads)>& set) {
  mta::Config config;
  config.credentials["a"].password_command = {"/bin/true"};
  mta::auth::LoginKeeper keeper([](const mta::Config&, const std::string&) { return std::make_unique<Slow>(); });
  if (keeper.configure(config, Duration(0)).at("a")->get()->failure.empty()) return 1;
  set(Threads::allowed);
  return keeper.configure(config, std::chrono::minutes(1)).at("a")->get()->password.reveal() == "secret" ? 0 : 2;
}

}  // namespace

TEST_CASE("no threads: a login waits, and is fetched after a reload when there are threads again") {
  CHECK(without_threads(fetch_login) == 0);
}

TEST_CASE("no threads: a spool is not opened, and can be opened when there are threads again") { CHECK(without_threads(open_spool) == 0); }

TEST_CASE("no threads: clients of the control socket are hung up on, and served when there are threads again") {
  CHECK(without_threads(serve_control) == 0);
}

TEST_CASE("no threads: the drop folder is not watched, and can be watched when there are threads again") {
  CHECK(without_threads(start_drop_folder) == 0);
}
