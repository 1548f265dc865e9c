// Connects the mxpress command to the queue.
#include "mta/cli/control_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "dns/async.h"
#include "mta/control/backend.h"
#include "mta/control/parts.h"
#include "mta/control/service.h"
#include "mta/control/wire.h"
#include "proto/control.pb.h"

namespace mxpress::mta::cli {
namespace {

constexpr std::chrono::minutes kPatience(2);  // a selection over a million messages takes long until the first match

// Reads the daemon's answer as fast as it comes, on a thread of its own: the daemon must not wait for a person who pages through it,
// because it disconnects slow readers.
class AnswerReader {
 public:
  explicit AnswerReader(int socket) : socket_(socket), reader_(socket), thread_([this] { read_all(); }) {}
  ~AnswerReader() {
    {
      const std::lock_guard lock(mutex_);
      left_ = true;
      if (!is_complete_) ::shutdown(socket_, SHUT_RD);
    }
    changed_.notify_all();
    thread_.join();
  }

  // The next response, or the reason why there is none.
  Result<control_pb::Response> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !frames_.empty() || broken_; });
    if (frames_.empty()) return *broken_;
    const std::string frame = std::move(frames_.front());
    frames_.pop_front();
    octets_ -= frame.size();
    changed_.notify_all();
    lock.unlock();
    control_pb::Response response;
    if (!response.ParseFromString(frame)) return Error::permanent("the daemon's answer makes no sense: is it of another version?");
    return response;
  }

 private:
  static constexpr std::size_t kMostAhead = 256u << 20;  // octets buffered for a slow reader

  void read_all() {
    for (;;) {
      auto frame = reader_.read(control::kMaxResponse, kPatience);
      std::unique_lock lock(mutex_);
      if (!frame) {
        broken_ = Error::transient("lost the daemon in the middle of its answer: " + frame.error().message);
      } else {
        control_pb::Response response;
        is_complete_ = !response.ParseFromString(*frame) || response.has_end();
        octets_ += frame->size();
        frames_.push_back(std::move(*frame));
      }
      changed_.notify_all();
      if (broken_ || is_complete_) return;
      changed_.wait(lock, [this] { return octets_ < kMostAhead || left_; });
      if (left_) return;
    }
  }

  const int socket_;
  control::FrameReader reader_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> frames_;
  std::size_t octets_ = 0;
  std::optional<Error> broken_;
  bool is_complete_ = false;  // the last response has arrived
  bool left_ = false;         // responses are no longer read
  std::thread thread_;        // last: it uses the others
};

class SocketClient final : public ControlClient {
 public:
  explicit SocketClient(int socket) : socket_(socket) {}
  ~SocketClient() override { ::close(socket_); }
  bool is_daemon() const override { return true; }

  Status ask(const control_pb::Request& request, const control::ControlSink& sink) override {
    control::FrameWriter writer(socket_);
    writer.add(request.SerializeAsString());
    if (const Status status = writer.flush(kPatience); !status) return status;
    AnswerReader answer(socket_);
    control_pb::MessageInfo message;  // the parts so far
    for (;;) {
      auto response = answer.next();
      if (!response) return response.error();
      if (response->has_message()) {
        if (!control::join_parts(message, std::move(*response))) continue;
        response = control_pb::Response();
        response->mutable_message()->Swap(&message);
        message.Clear();
      }
      if (!sink(*response) || response->has_end()) return {};
    }
  }

 private:
  int socket_;
};

class LocalClient final : public ControlClient {
 public:
  LocalClient(std::unique_ptr<control::ControlBackend> backend, control::ControlPeer peer) : backend_(std::move(backend)), peer_(peer) {}
  bool is_daemon() const override { return false; }

  Status ask(const control_pb::Request& request, const control::ControlSink& sink) override {
    control_pb::MessageInfo message;  // the parts so far
    const control::ControlSink join = [&](const control_pb::Response& response) {
      if (!response.has_message()) return sink(response);
      if (!control::join_parts(message, response)) return true;
      control_pb::Response whole;
      whole.mutable_message()->Swap(&message);
      message.Clear();
      return sink(whole);
    };
    control::answer_control(request, peer_, *backend_, Clock::current().wall(), join);
    return {};
  }

 private:
  std::unique_ptr<control::ControlBackend> backend_;
  control::ControlPeer peer_;
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

std::unique_ptr<ControlClient> answer_here(std::unique_ptr<control::ControlBackend> backend, control::ControlPeer peer) {
  return std::make_unique<LocalClient>(std::move(backend), peer);
}

}  // namespace mxpress::mta::cli
