// Runs the entrances for tests, and programs against them.
#include "tests/support/server_house.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <future>

#include "mta/intake/submit.h"

namespace mxpress::testing {
namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    read = ends[0];
    write = ends[1];
  }
  int read, write;
};

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

// Feeds the input and collects both outputs, as they become ready.
void converse(int to, const std::string& input, int from, int errors, ProgramResult& result) {
  std::size_t sent = 0;
  pollfd ends[3] = {{to, POLLOUT, 0}, {from, POLLIN, 0}, {errors, POLLIN, 0}};
  ::fcntl(to, F_SETFL, O_NONBLOCK);
  char buffer[8192];
  while (ends[1].fd >= 0 || ends[2].fd >= 0) {
    if (::poll(ends, 3, 60'000) <= 0) break;
    if (ends[0].fd >= 0 && ends[0].revents) {
      const ssize_t size = ::write(to, input.data() + sent, input.size() - sent);
      if (size > 0) sent += static_cast<std::size_t>(size);
      if ((size < 0 && errno != EAGAIN) || sent == input.size()) {
        ::close(to);
        ends[0].fd = -1;
      }
    }
    for (int i : {1, 2}) {
      if (ends[i].fd < 0 || !ends[i].revents) continue;
      const ssize_t size = ::read(ends[i].fd, buffer, sizeof buffer);
      if (size > 0) (i == 1 ? result.output : result.errors).append(buffer, static_cast<std::size_t>(size));
      if (size <= 0) ends[i].fd = -1;
    }
  }
  if (ends[0].fd >= 0) ::close(to);
}

int connected(int descriptor, const sockaddr* address, socklen_t size) {
  if (::connect(descriptor, address, size) != 0) throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
  return descriptor;
}

}  // namespace

ScratchFolder::ScratchFolder() {
  char name[] = "/tmp/mxpress-test-XXXXXX";
  if (!::mkdtemp(name)) throw std::runtime_error("mkdtemp");
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  boost::system::error_code ignored;
  boost::filesystem::remove_all(path_, ignored);
}

ProgramResult run_program(std::vector<std::string> command, const std::string& input, std::vector<std::string> environment) {
  ::signal(SIGPIPE, SIG_IGN);
  Pipe in, out, err;
  auto arguments = pointers(command);
  auto variables = pointers(environment);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(in.read, 0);
    ::dup2(out.write, 1);
    ::dup2(err.write, 2);
    ::execve(arguments[0], arguments.data(), variables.data());
    ::_exit(127);
  }
  ::close(in.read);
  ::close(out.write);
  ::close(err.write);
  ProgramResult result;
  converse(in.write, input, out.read, err.read, result);
  ::close(out.read);
  ::close(err.read);
  int status = 0;
  ::waitpid(child, &status, 0);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

std::string program(const std::string& name) { return (boost::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string(); }

IntakeHouse::IntakeHouse(std::function<void(mta::Config&)> change, std::size_t workers) : workers_(workers) {
  base.hostname = "mx.example";
  base.local_domains = {proto::Domain::parse("mx.example").value()};
  base.spool_directory = folder.path() / "spool";
  base.listen.smtp = {"127.0.0.1:0"};
  base.listen.smtp_is_default = false;
  base.listen.submission_socket = folder.path() / "run" / "submission";
  if (change) change(base);
  boost::filesystem::create_directories(base.drop_directory());
  std::ofstream file((folder.path() / "mxpress.toml").string());
  file << "hostname = \"mx.example\"\n[spool]\ndirectory = " << base.spool_directory
       << "\n[listen]\nsubmission_socket = " << base.listen.submission_socket << "  # here\n";
  open();
}

void IntakeHouse::open() {
  auto listeners = mta::intake::open_listeners(base);
  if (!listeners.ok()) throw std::runtime_error(listeners.error().message);
  if (!listeners->smtp.empty()) port = listeners->smtp.front().port;
  config = std::make_unique<mta::CurrentConfig>(base);
  context_.reset(new mta::intake::Context{*config, spool, events.hub(),
                                          [this](queue::QueueId id, const proto::Envelope& envelope) { deliverer.admit(id, envelope); },
                                          nullptr, users.get()});
  std::vector<asio::io_context*> loops;
  for (std::size_t i = 0; i < workers_; ++i) loops.push_back(loops_.emplace_back(std::make_unique<asio::io_context>()).get());
  intake_ = std::make_unique<mta::intake::Intake>(*context_, loops);
  intake_->start(std::move(*listeners));
  for (asio::io_context* loop : loops) {
    threads_.emplace_back([loop] {
      auto work = asio::make_work_guard(*loop);
      loop->run();
    });
  }
}

void IntakeHouse::close() {
  if (threads_.empty()) return;
  std::promise<void> stopped;
  intake_->stop([&stopped] { stopped.set_value(); });
  stopped.get_future().get();
  for (auto& loop : loops_) loop->stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  intake_.reset();
  loops_.clear();
}

ProgramResult IntakeHouse::sendmail(std::vector<std::string> arguments, const std::string& input) {
  arguments.insert(arguments.begin(), program("sendmail"));
  return run_program(std::move(arguments), input, {"MXPRESS_CONFIG=" + (folder.path() / "mxpress.toml").string()});
}

int IntakeHouse::connect_tcp() const { return connect_tcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

int IntakeHouse::connect_tcp(int socket) const {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connected(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

int IntakeHouse::connect_unix() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, base.listen.submission_socket.c_str(), sizeof address.sun_path - 1);
  return connected(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

std::string read_until(int descriptor, const std::string& text) {
  std::string all;
  char buffer[8192];
  pollfd ready{descriptor, POLLIN, 0};
  while (all.find(text) == std::string::npos && ::poll(&ready, 1, 5000) > 0) {
    const ssize_t size = ::read(descriptor, buffer, sizeof buffer);
    if (size <= 0) break;
    all.append(buffer, static_cast<std::size_t>(size));
  }
  return all;
}

void write_everything(int descriptor, const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t size = ::send(descriptor, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) return;
    sent += static_cast<std::size_t>(size);
  }
}

}  // namespace mxpress::testing
