// The runner's socket: a client of ours, and clients that break the protocol.
#include "mta/runner/server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/filesystem/fstream.hpp>
#include <catch2/catch.hpp>
#include <cstring>
#include <future>

#include "mta/auth/command_source.h"
#include "mta/config/config.h"
#include "mta/runner/client.h"
#include "mta/runner/command_service.h"
#include "mta/system/frames.h"
#include "mta/system/unix_listener.h"
#include "proto/runner.pb.h"
#include "tests/support/temp_folder.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using mta::runner::RunnerServer;
using mta::system::Descriptor;

// A runner in this process, with these commands by the NAME of credentials: scripts.
class House {
 public:
  explicit House(const std::vector<std::pair<std::string, std::string>>& scripts) {
    boost::filesystem::ofstream file(path("mxpress.toml"));
    file << "hostname = \"mail.example.com\"\nuser = \"no-such-user\"\n";
    for (const auto& [name, script] : scripts)
      file << "[credentials." << name << "]\nuser = \"me\"\npassword_command = [\"/bin/sh\", \"-c\", '''" << script << "''']\n";
    file.close();
    config.socket = path("runner.sock");
    commands_.emplace(path("mxpress.toml"));
    start();
  }
  ~House() { stop(); }

  void start() {
    auto listener = mta::system::listen_at(config.socket, 64);
    REQUIRE(listener);
    stop_ = Descriptor(::eventfd(0, EFD_CLOEXEC));
    service_.emplace(*commands_);
    server_.emplace(std::move(*listener), stop_.get(), *service_);
    thread_ = std::thread([this] { server_->serve(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    const std::uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);
    thread_.join();
    server_.reset();
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string ask(const std::string& name) const {
    const auto output = mta::runner::ask_for_password(config, name, {});
    return output ? output->text : "failed: " + output.error().message;
  }

  mta::RunnerConfig config;

 private:
  test::TempFolder folder_;
  std::optional<mta::runner::Commands> commands_;
  std::optional<mta::runner::CommandService> service_;
  Descriptor stop_;
  std::optional<RunnerServer> server_;
  std::thread thread_;
};

Descriptor connected(const boost::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return socket;
}

std::string frame(const std::string& body) {
  return std::string{0, 0, static_cast<char>(body.size() >> 8), static_cast<char>(body.size())} + body;
}

void send_all(const Descriptor& socket, const std::string& octets) {
  REQUIRE(::send(socket.get(), octets.data(), octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size()));
}

std::string request(const std::string& name, std::uint32_t version = mta::runner::kVersion) {
  runner_pb::Request request;
  request.set_version(version);
  request.mutable_password()->set_credentials(name);
  return frame(request.SerializeAsString());
}

// The answer; "": it closes.
std::string failure_on(const Descriptor& socket) {
  const auto body = mta::system::FrameReader(socket.get()).read(mta::runner::kMaxResponse, 60s);
  runner_pb::Response response;
  return body && response.ParseFromString(*body) ? response.failure() : "";
}

struct Fifo {
  explicit Fifo(std::string where) : path(std::move(where)) {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    end = Descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }
  bool wait_for(short event) const {
    pollfd wait{end.get(), POLLIN, 0};
    return ::poll(&wait, 1, 60'000) == 1 && (wait.revents & event) != 0;
  }
  void drain() const {
    char octets[64];
    while (::read(end.get(), octets, sizeof octets) > 0) {
    }
  }
  const std::string path;
  Descriptor end;
};

}  // namespace

TEST_CASE("runner: mxpressd gets what the command prints, or the reason why not") {
  const House house({{"good", "echo secret of $MXPRESS_CREDENTIALS"}, {"bad", "echo locked >&2; exit 2"}});
  CHECK(house.ask("good") == "secret of good\n");
  CHECK(house.ask("bad") == "failed: /bin/sh ended with status 2: locked ");
  CHECK_THAT(house.ask("none"), Catch::StartsWith("failed: the configuration has no command for the password of [credentials.none]"));
  CHECK(house.ask("good") == "secret of good\n");
}

TEST_CASE("runner: its output is a password if it is one line, and else a failure that has standard error, not the output") {
  const House house({{"good", "printf ' a b \\r\\n'"},
                     {"nothing", "echo no such entry >&2"},
                     {"lines", "echo secret; echo second"},
                     {"nul", "printf 'sec\\000ret'"}});
  const auto fetch = [&](const std::string& name) { return mta::auth::command_source(house.config, name)->fetch({}); };
  REQUIRE(fetch("good"));
  CHECK(fetch("good")->secret.reveal() == " a b ");
  CHECK_FALSE(fetch("good")->lifetime);
  const auto failure = [&](const std::string& name) { return fetch(name).error().message; };
  CHECK(failure("nothing") ==
        "the output of password_command is empty: it must have the password, in one line (its standard error: no such entry )");
  for (const std::string name : {"lines", "nul"})
    CHECK(failure(name) == "the output of password_command has more than one line: it must have the password alone");
}

TEST_CASE("runner: one that is not there, or dies meanwhile, is a failure that says what to do") {
  House house({{"good", "echo secret"}, {"bad", "exit 1"}});
  house.stop();
  CHECK(house.ask("good") ==
        "failed: mxpress-runner does not listen at " + house.config.socket.string() + ": systemctl enable --now mxpress-runner.socket");
  boost::filesystem::remove(house.config.socket);
  CHECK_THAT(house.ask("good"), Catch::Contains("systemctl enable --now mxpress-runner.socket"));
  const auto listener = mta::system::listen_at(house.config.socket, 64);
  REQUIRE(listener);
  auto asked = std::async(std::launch::async, [&] { return house.ask("good"); });
  pollfd wait{listener->get(), POLLIN, 0};
  REQUIRE(::poll(&wait, 1, 60'000) == 1);
  ::close(::accept(listener->get(), nullptr, nullptr));
  CHECK_THAT(asked.get(), Catch::StartsWith("failed: mxpress-runner gave no answer") && Catch::Contains("journalctl -u mxpress-runner"));
}

TEST_CASE("runner: requests that make no sense end their connection alone") {
  const House house({{"good", "echo secret"}});
  const auto answer = [&](const std::string& octets) {
    const auto socket = connected(house.config.socket);
    send_all(socket, octets);
    return failure_on(socket);
  };
  const std::string no_sense = "the request makes no sense to mxpress-runner";
  CHECK_THAT(answer(request("good", 2)), Catch::StartsWith(no_sense));
  CHECK_THAT(answer(frame("")), Catch::StartsWith(no_sense));
  CHECK_THAT(answer(frame("\xFF\xFF\xFF")), Catch::StartsWith(no_sense));
  CHECK(answer("\x7F\xFF\xFF\xFF") == "");
  CHECK(answer(std::string(4, '\xFF')) == "");
  {
    const auto partial = connected(house.config.socket);
    send_all(partial, request("good").substr(0, 7));
  }
  CHECK(house.ask("good") == "secret\n");
}

TEST_CASE("runner: clients that are silent take all places for some seconds at most, and whoever comes then is told") {
  const House house({{"good", "echo secret"}});
  std::vector<Descriptor> silent;
  for (std::size_t i = 0; i < mta::runner::kMostAtOnce; ++i) silent.push_back(connected(house.config.socket));
  CHECK(house.ask("good") == "failed: mxpress-runner runs 40 commands already");
  silent.clear();
  const auto answered = [&] { return house.ask("good") == "secret\n"; };
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!answered() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK(answered());
}

TEST_CASE("runner: a command whose client hangs up is ended, and so are all when the runner stops") {
  const test::TempFolder folder;
  const Fifo fifo((folder.path() / "fifo").string()), next((folder.path() / "next").string());
  const House slow({{"slow", "exec 3>" + fifo.path + "; echo started >&3; sleep 1000"}});
  {
    const auto socket = connected(slow.config.socket);
    send_all(socket, request("slow"));
    REQUIRE(fifo.wait_for(POLLIN));
    fifo.drain();
  }
  CHECK(fifo.wait_for(POLLHUP));
  House stopped({{"slow", "exec 3>" + next.path + "; echo started >&3; sleep 1000"}});
  auto asked = std::async(std::launch::async, [&] { return stopped.ask("slow"); });
  REQUIRE(next.wait_for(POLLIN));
  stopped.stop();
  CHECK(asked.get() == "failed: /bin/sh was ended: mxpress-runner stops");
}

TEST_CASE("runner: mxpressd does not wait for a command when it stops") {
  const test::TempFolder folder;
  const Fifo fifo((folder.path() / "fifo").string());
  const House house({{"slow", "exec 3>" + fifo.path + "; echo started >&3; sleep 1000"}});
  std::stop_source stop;
  auto asked = std::async(std::launch::async, [&] { return mta::runner::ask_for_password(house.config, "slow", stop.get_token()); });
  REQUIRE(fifo.wait_for(POLLIN));
  stop.request_stop();
  const auto output = asked.get();
  REQUIRE_FALSE(output);
  CHECK_THAT(output.error().message, Catch::StartsWith("mxpress-runner gave no answer (connection closed)"));  // not that of the runner
}

}  // namespace mxpress::testing
