// The control socket: permissions to connect, and malformed, silent and slow clients.
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "mta/cli/control_client.h"
#include "mta/control/server.h"
#include "mta/control/wire.h"
#include "proto/control.pb.h"
#include "queue/message.h"
#include "tests/support/fake_control.h"

using namespace mxpress;
using namespace mxpress::mta;
using namespace std::chrono_literals;
namespace fs = boost::filesystem;
using mxpress::testing::FakeControl;
using mxpress::testing::make_message;

namespace {

control_pb::Request list_all() {
  control_pb::Request request;
  request.mutable_list()->mutable_selector()->set_all(true);
  return request;
}

control_pb::Request show(std::uint64_t id) {
  control_pb::Request request;
  request.mutable_show()->set_id(queue::QueueId{id}.to_string());
  return request;
}

void fill(FakeControl& backend) {
  backend.add(make_message(1, 1001, "alice@a.example", "x@One.example", "first"));
  backend.add(make_message(2, 1002, "bob@a.example", "y@two.example", "second"));
  backend.add(make_message(3, -1, "", "z@two.example", "third"));
}

// Reports when its last octet has been read.
class WatchedContent final : public queue::Content {
 public:
  explicit WatchedContent(std::size_t size) : text_(std::string(size, 'x')) {}
  std::uint64_t size() const override { return text_.size(); }
  Result<std::size_t> read(std::uint64_t offset, char* buffer, std::size_t size) const override {
    auto got = text_.read(offset, buffer, size);
    const std::lock_guard lock(mutex_);
    is_read_ = is_read_ || (got && offset + *got == text_.size());
    changed_.notify_all();
    return got;
  }
  Status verify() const override { return {}; }
  Status verify(std::string_view) const override { return {}; }
  Status verify_crc(std::uint32_t) const override { return {}; }
  bool wait_until_read() const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [this] { return is_read_; });
  }

 private:
  const mxpress::testing::TextContent text_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable bool is_read_ = false;
};

struct ServedSocket {
  fs::path folder = fs::temp_directory_path() / fs::unique_path();
  FakeControl backend;
  std::unique_ptr<control::ControlServer> server;
  explicit ServedSocket(control::ControlServerOptions options = {}) {
    fs::create_directory(folder);
    ::chmod(folder.c_str(), 0755);
    fill(backend);
    options.socket = path();
    auto opened = control::ControlServer::open(options, backend);
    REQUIRE(opened);
    server = std::move(*opened);
  }
  ~ServedSocket() {
    server.reset();
    fs::remove_all(folder);
  }
  fs::path path() const { return folder / "control"; }

  int raw() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return socket;
  }
};

}  // namespace

TEST_CASE("control socket: everybody may connect, and a request gets its answers") {
  ServedSocket served;
  struct stat status{};
  REQUIRE(::stat(served.path().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0666);
  auto client = cli::connect_to_daemon(served.path());
  REQUIRE(client);
  for (int round = 0; round < 2; ++round) {
    std::size_t messages = 0;
    REQUIRE((*client)->ask(list_all(), [&](const control_pb::Response& response) {
      messages += response.has_message() ? 1 : 0;
      return true;
    }));
    CHECK(messages == 3);
  }
}

TEST_CASE("control socket: the kernel says who asks") {
  if (::geteuid() != 0) return;  // only root can be somebody else
  ServedSocket served;
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    if (::setgid(1001) != 0 || ::setuid(1001) != 0) ::_exit(100);
    auto client = cli::connect_to_daemon(served.path());
    if (!client) ::_exit(101);
    int messages = 0;
    const Status status = (*client)->ask(list_all(), [&](const control_pb::Response& response) {
      messages += response.has_message() ? 1 : 0;
      return true;
    });
    ::_exit(status ? messages : 102);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK(WEXITSTATUS(status) == 1);
}

TEST_CASE("control socket: a client that says nonsense is hung up on, and the next one is served") {
  ServedSocket served;
  for (const std::string& nonsense : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(4, '\xff'), std::string("\0\0\0\2\xff\xff", 6)}) {
    const int socket = served.raw();
    REQUIRE(::send(socket, nonsense.data(), nonsense.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(nonsense.size()));
    char octet;
    CHECK(::recv(socket, &octet, 1, 0) <= 0);
    ::close(socket);
  }
  auto client = cli::connect_to_daemon(served.path());
  REQUIRE(client);
  CHECK((*client)->ask(show(1), [](const control_pb::Response&) { return true; }));
}

TEST_CASE("control socket: a client that stays silent is hung up on after the deadline") {
  control::ControlServerOptions options;
  options.request_patience = 50ms;
  ServedSocket served(options);
  const int socket = served.raw();
  REQUIRE(::send(socket, "\0\0", 2, MSG_NOSIGNAL) == 2);
  char octet;
  CHECK(::recv(socket, &octet, 1, 0) <= 0);
  ::close(socket);
}

TEST_CASE("control socket: a user who does not read is hung up on, and holds little until then") {
  control::ControlServerOptions options;
  options.response_patience_of_operators = 50ms;  // this test is root or the daemon's own user
  ServedSocket served(options);
  served.backend.add(make_message(9, 0, "a@a.example", "b@b.example", std::string(8 << 20, 'x')));
  const int socket = served.raw();
  control_pb::Request request;
  request.mutable_cat()->set_id(queue::QueueId{9}.to_string());
  control::FrameWriter writer(socket);
  writer.add(request.SerializeAsString());
  REQUIRE(writer.flush(1000ms));
  pollfd hung_up{socket, 0, 0};
  REQUIRE(::poll(&hung_up, 1, 10'000) == 1);
  std::size_t octets = 0;
  char piece[65'536];
  for (ssize_t got = 0; (got = ::recv(socket, piece, sizeof piece, 0)) > 0;) octets += static_cast<std::size_t>(got);
  CHECK(octets < 1 << 20);  // the kernel's buffer
  ::close(socket);
}

TEST_CASE("control socket: who pages through a long answer gets all of it") {
  control::ControlServerOptions options;
  options.response_patience_of_operators = 50ms;
  ServedSocket served(options);
  const auto content = std::make_shared<WatchedContent>(8 << 20);
  auto message = make_message(9, 0, "a@a.example", "b@b.example", "");
  message.content = content;
  served.backend.add(std::move(message));
  auto client = cli::connect_to_daemon(served.path());
  REQUIRE(client);
  control_pb::Request request;
  request.mutable_cat()->set_id(queue::QueueId{9}.to_string());
  std::size_t octets = 0;
  bool was_read_ahead = true;
  REQUIRE((*client)->ask(request, [&](const control_pb::Response& response) {
    // The reader looks at the first page until the daemon has sent everything except the kernel's buffer.
    if (octets == 0) was_read_ahead = content->wait_until_read();
    octets += response.content().size();
    return true;
  }));
  CHECK(was_read_ahead);
  CHECK(octets == 8 << 20);
}

TEST_CASE("control socket: a daemon that stops does not wait for its clients") {
  auto served = std::make_unique<ServedSocket>();
  const int socket = served->raw();
  const fs::path path = served->path();
  served.reset();
  char octet;
  CHECK(::recv(socket, &octet, 1, 0) <= 0);
  ::close(socket);
  CHECK_FALSE(cli::connect_to_daemon(path));
}

TEST_CASE("control socket: a second daemon is refused, a left-over socket is replaced") {
  ServedSocket served;
  control::ControlServerOptions options;
  options.socket = served.path();
  FakeControl backend;
  const auto second = control::ControlServer::open(options, backend);
  REQUIRE_FALSE(second);
  CHECK_THAT(second.error().message, Catch::Contains("another mxpressd"));
  options.socket = served.folder / "left-over";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, options.socket.c_str(), sizeof address.sun_path - 1);
  const int dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  ::close(dead);
  CHECK(control::ControlServer::open(options, backend));
}
