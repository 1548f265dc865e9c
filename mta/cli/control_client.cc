// How the mxpress command reaches the queue.
#include "mta/cli/control_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "dns/async.h"
#include "mta/host/control_wire.h"
#include "proto/control.pb.h"

namespace mxpress::mta::cli {
namespace {

constexpr std::chrono::minutes kPatience(2);  // a selection over a million messages takes its time before the first one is found

class SocketClient final : public ControlClient {
 public:
  explicit SocketClient(int socket) : socket_(socket), reader_(socket) {}
  ~SocketClient() override { ::close(socket_); }
  bool is_daemon() const override { return true; }

  Status ask(const control_pb::Request& request, const host::ControlSink& sink) override {
    host::FrameWriter writer(socket_, kPatience);
    Status status = writer.write(request.SerializeAsString());
    if (status) status = writer.flush();
    if (!status) return status;
    for (;;) {
      const auto frame = reader_.read(host::kMaxResponse, kPatience);
      if (!frame) return Error::transient("lost the daemon in the middle of its answer: " + frame.error().message);
      control_pb::Response response;
      if (!response.ParseFromString(*frame)) return Error::permanent("the daemon's answer makes no sense: is it of another version?");
      if (!sink(response) || response.has_end()) return {};
    }
  }

 private:
  int socket_;
  host::FrameReader reader_;
};

class LocalClient final : public ControlClient {
 public:
  LocalClient(std::unique_ptr<host::ControlBackend> backend, host::ControlPeer peer) : backend_(std::move(backend)), peer_(peer) {}
  bool is_daemon() const override { return false; }

  Status ask(const control_pb::Request& request, const host::ControlSink& sink) override {
    host::answer_control(request, peer_, *backend_, Clock::current().wall(), sink);
    return {};
  }

 private:
  std::unique_ptr<host::ControlBackend> backend_;
  host::ControlPeer peer_;
};

}  // namespace

Result<std::unique_ptr<ControlClient>> connect_to_daemon(const boost::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error::permanent("the path of the control socket is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return Error::permanent(std::string("cannot make a socket: ") + std::strerror(errno));
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const Error error = Error::transient("no daemon at " + path.string() + ": " + std::strerror(errno));
    ::close(socket);
    return error;
  }
  return std::unique_ptr<ControlClient>(std::make_unique<SocketClient>(socket));
}

std::unique_ptr<ControlClient> answer_here(std::unique_ptr<host::ControlBackend> backend, host::ControlPeer peer) {
  return std::make_unique<LocalClient>(std::move(backend), peer);
}

}  // namespace mxpress::mta::cli
