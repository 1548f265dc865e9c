// The runner's socket.
#include "mta/runner/server.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "mta/runner/program.h"
#include "mta/runner/protocol.h"
#include "mta/system/frames.h"
#include "mta/system/log.h"
#include "proto/runner.pb.h"
#include "queue/start_thread.h"

namespace mxpress::mta::runner {
namespace {

constexpr std::chrono::milliseconds kPause(100);  // after a failure to accept, such as no descriptors left

std::string failure(const std::string& words) {
  runner_pb::Response response;
  response.set_version(kVersion);
  response.set_failure(words);
  return response.SerializeAsString();
}

std::string success(CommandOutput output) {
  runner_pb::Response response;
  response.set_version(kVersion);
  response.mutable_output()->set_text(output.text);
  response.mutable_output()->set_errors(output.errors);
  std::string body = response.SerializeAsString();
  ::explicit_bzero(response.mutable_output()->mutable_text()->data(), response.output().text().size());
  ::explicit_bzero(output.text.data(), output.text.size());
  return body;
}

void send(int socket, std::string body, std::chrono::milliseconds patience) {
  system::FrameWriter writer(socket);
  writer.add(body);
  (void)writer.flush(patience);  // whoever has hung up waits for nothing
  ::explicit_bzero(body.data(), body.size());
}

std::optional<uid_t> user_of(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  return credentials.uid;
}

}  // namespace

RunnerServer::RunnerServer(system::Descriptor listener, int stop, Commands& commands)
    : listener_(std::move(listener)), stop_(stop), commands_(commands) {}

void RunnerServer::serve() {
  for (;;) {
    pollfd waits[] = {{listener_.get(), POLLIN, 0}, {stop_, POLLIN, 0}};
    if (::poll(waits, 2, 1000) < 0 && errno != EINTR) break;
    if (waits[1].revents != 0) break;
    reap();
    if (waits[0].revents != 0) accept_one();
  }
  for (const Connection& connection : connections_) ::shutdown(connection.socket.get(), SHUT_RD);
  for (Connection& connection : connections_) connection.thread.join();
  connections_.clear();
}

void RunnerServer::reap() {
  for (Connection& connection : connections_)
    if (connection.has_ended) connection.thread.join();
  connections_.remove_if([](const Connection& connection) { return !connection.thread.joinable(); });
}

// Whoever may not ask, or comes when there is no room, takes no thread.
void RunnerServer::accept_one() {
  system::Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.is_open()) {
    if (errno != EINTR && errno != ECONNABORTED && errno != EAGAIN) std::this_thread::sleep_for(kPause);
    return;
  }
  const auto uid = user_of(socket.get());
  if (!uid || !commands_.may_ask(*uid))
    return send(socket.get(), failure("only root and the user of mxpressd (user in the configuration) may ask mxpress-runner"), {});
  if (connections_.size() >= kMostAtOnce)
    return send(socket.get(), failure("mxpress-runner runs " + std::to_string(kMostAtOnce) + " commands already"), {});
  Connection& connection = connections_.emplace_back();
  connection.socket = std::move(socket);
  auto thread = queue::start_thread([this, &connection] {
    try {
      answer_one(connection.socket.get());
    } catch (const std::exception& bug) {
      log(LogLine(Priority::error, "request-failed").add("why", bug.what()));
    }
    ::shutdown(connection.socket.get(), SHUT_RDWR);
    connection.has_ended = true;
  });
  if (thread) {
    connection.thread = std::move(*thread);
    return;
  }
  send(connection.socket.get(), failure(thread.error().message), {});
  connections_.pop_back();
}

void RunnerServer::answer_one(int socket) {
  auto request = system::FrameReader(socket).read(kMaxRequest, kRequestPatience);
  if (request) send(socket, answer_to(*request, socket), kAnswerPatience);
}

std::string RunnerServer::answer_to(const std::string& request, int socket) {
  runner_pb::Request wanted;
  if (!wanted.ParseFromString(request) || wanted.version() != kVersion || wanted.what_case() == runner_pb::Request::WHAT_NOT_SET)
    return failure(
        "the request makes no sense to mxpress-runner: is mxpressd of another version? systemctl restart mxpress-runner mxpress");
  const auto command = wanted.has_alert() ? commands_.alert(wanted.alert().text()) : commands_.password_of(wanted.password().credentials());
  if (!command) return failure(command.error().message);
  auto output = run_program(command->program, command->limits, {socket, stop_});
  LogLine line(output ? Priority::info : Priority::warning, "command");
  line.add("for", command->purpose).add("program", command->program.argv[0]);
  if (!output) line.add("reason", output.error().message);
  log(line);
  return output ? success(std::move(*output)) : failure(output.error().message);
}

}  // namespace mxpress::mta::runner
