// The daemon's side of the runner's socket.
#include "mta/runner/client.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "mta/config/config.h"
#include "mta/system/descriptor.h"
#include "mta/system/frames.h"
#include "proto/printable.h"
#include "proto/runner.pb.h"

namespace mxpress::mta::runner {
namespace {

constexpr std::chrono::milliseconds kToSend = std::chrono::seconds(5);
constexpr std::chrono::milliseconds kBeyondTimeout = std::chrono::seconds(10);  // time that the runner needs to end a command that hangs
constexpr std::size_t kMostOfFailure = 1000;                                    // octets
constexpr std::string_view kWhatToDo = ": systemctl enable --now mxpress-runner.socket";

Error failed(const std::string& what) { return Error::transient(what); }

std::string why_not_connected(const boost::filesystem::path& path, int error) {
  if (error == ENOENT || error == ECONNREFUSED) return "mxpress-runner does not listen at " + path.string() + std::string(kWhatToDo);
  if (error == EAGAIN) return "mxpress-runner has too much to do at " + path.string();
  return "mxpress-runner cannot be reached at " + path.string() + ": " + std::strerror(error);
}

Result<system::Descriptor> connect_to(const boost::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) return failed(path.string() + " is too long for a socket's name");
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  system::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return failed(std::string("cannot make a socket: ") + std::strerror(errno));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
  return failed(why_not_connected(path, errno));
}

Result<CommandOutput> output_in(runner_pb::Response& response) {
  if (response.version() != kVersion)
    return failed("mxpress-runner is of another version than mxpressd: systemctl restart mxpress-runner mxpress");
  if (!response.has_output()) return failed(proto::printable(response.failure(), kMostOfFailure));
  return CommandOutput{std::move(*response.mutable_output()->mutable_text()), std::move(*response.mutable_output()->mutable_errors())};
}

Result<CommandOutput> ask(const RunnerConfig& config, const runner_pb::Request& request, const std::stop_token& stop) {
  const auto socket = connect_to(config.socket);
  if (!socket) return socket.error();
  const std::stop_callback on_stop(stop, [&socket] { ::shutdown(socket->get(), SHUT_RDWR); });
  system::FrameWriter writer(socket->get());
  writer.add(request.SerializeAsString());
  (void)writer.flush(kToSend);  // a server that closes may have sent the reason
  auto frame = system::FrameReader(socket->get()).read(kMaxResponse, config.timeout + kBeyondTimeout);
  if (!frame) return failed("mxpress-runner gave no answer (" + frame.error().message + "): journalctl -u mxpress-runner");
  runner_pb::Response response;
  const bool is_one = response.ParseFromString(*frame);
  ::explicit_bzero(frame->data(), frame->size());
  return is_one ? output_in(response) : failed("the answer of mxpress-runner makes no sense: is it of another version?");
}

}  // namespace

Result<CommandOutput> ask_for_password(const RunnerConfig& config, const std::string& name, const std::stop_token& stop) {
  runner_pb::Request request;
  request.set_version(kVersion);
  request.mutable_password()->set_credentials(name);
  return ask(config, request, stop);
}

Result<CommandOutput> tell_alert(const RunnerConfig& config, const std::string& text, const std::stop_token& stop) {
  runner_pb::Request request;
  request.set_version(kVersion);
  request.mutable_alert()->set_text(text.substr(0, kMaxAlert));
  return ask(config, request, stop);
}

}  // namespace mxpress::mta::runner
