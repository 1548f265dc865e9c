// The control socket: accepts, identifies peers, and answers on a thread for each connection.
#include "mta/control/server.h"

#include <grp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <mutex>
#include <thread>

#include "dns/async.h"
#include "mta/control/backend.h"
#include "mta/control/service.h"
#include "mta/control/socket_outlet.h"
#include "mta/control/wire.h"
#include "mta/system/log.h"
#include "mta/system/log_limit.h"
#include "mta/system/unix_listener.h"
#include "proto/control.pb.h"
#include "queue/start_thread.h"

namespace mxpress::mta::control {
namespace {

Error failed(const std::string& what) { return Error::permanent(what + ": " + std::strerror(errno)); }

std::optional<gid_t> find_group(const std::string& name) {
  group entry{};
  group* found = nullptr;
  std::vector<char> buffer(64 * 1024);
  if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return std::nullopt;
  return found->gr_gid;
}

bool is_member(int socket, const ucred& credentials, std::optional<gid_t> wanted) {
  if (!wanted) return false;
  if (credentials.gid == *wanted) return true;
  std::vector<gid_t> groups(1024);
  auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) return false;
  groups.resize(size / sizeof(gid_t));
  return std::find(groups.begin(), groups.end(), *wanted) != groups.end();
}

std::optional<ControlPeer> peer_of(int socket, std::optional<gid_t> group) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  const bool is_root = credentials.uid == 0 || credentials.uid == ::geteuid();
  return ControlPeer{credentials.uid, is_root || is_member(socket, credentials, group), is_root};
}

constexpr int kBacklog = 64;
constexpr std::chrono::milliseconds kPause(100);           // after a failed accept, for example without free descriptors
constexpr std::uint32_t kMaxRequestOfOthers = 128 * 1024;  // octets; 8,000 queue ids fit

struct Connection {
  int socket = -1;
  ControlPeer peer;
  std::atomic<bool> ended = false;
  bool displaced = false;  // it is to end; its place was given to somebody else
  std::thread thread;
};

class Server final : public ControlServer {
 public:
  Server(ControlServerOptions options, ControlBackend& backend, system::Descriptor listener, bool is_ours, int stop)
      : options_(std::move(options)),
        backend_(backend),
        listener_(std::move(listener)),
        is_ours_(is_ours),
        stop_(stop),
        group_(find_group(options_.group)),
        others_(options_.work),
        operators_(options_.work_of_operators) {}

  Status start() {
    auto thread = queue::start_thread([this] { accept_all(); });
    if (!thread) return thread.error();
    thread_ = std::move(*thread);
    return {};
  }

  ~Server() override {
    const std::uint64_t one = 1;
    (void)!::write(stop_, &one, sizeof one);
    if (thread_.joinable()) thread_.join();
    others_.close();
    operators_.close();
    for (Connection& connection : connections_) ::shutdown(connection.socket, SHUT_RDWR);
    for (Connection& connection : connections_) finish(connection);
    ::close(stop_);
    if (is_ours_) ::unlink(options_.socket.c_str());
  }

 private:
  void accept_all() {
    for (;;) {
      pollfd descriptors[] = {{listener_.get(), POLLIN, 0}, {stop_, POLLIN, 0}};
      if (::poll(descriptors, 2, 1000) < 0 && errno != EINTR) return;
      if (descriptors[1].revents != 0) return;
      reap();
      if (descriptors[0].revents != 0) accept_one();
    }
  }

  void accept_one() {
    const int socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) {
      // The client still waits: without a pause poll() would report it again at once.
      if (errno != EINTR && errno != ECONNABORTED) std::this_thread::sleep_for(kPause);
      return;
    }
    const auto peer = peer_of(socket, group_);
    if (!peer || !make_place_for(*peer)) {
      ::close(socket);
      return;
    }
    Connection& connection = connections_.emplace_back();
    connection.socket = socket;
    connection.peer = *peer;
    auto thread = queue::start_thread([this, &connection] { serve(connection); });
    if (thread) {
      connection.thread = std::move(*thread);
      return;
    }
    connections_.pop_back();
    ::close(socket);
    if (may_log(fairness::Owner::user(peer->uid), "control-failed"))
      log(LogLine(Priority::error, "control-failed").add("why", thread.error().message));
  }

  bool make_place_for(const ControlPeer& newcomer) {
    std::vector<ControlPeer> present;
    std::vector<Connection*> their;
    for (Connection& connection : connections_) {
      if (connection.displaced) continue;
      present.push_back(connection.peer);
      their.push_back(&connection);
    }
    const Placing placing = find_place(options_.connections, present, newcomer);
    if (!placing.displaced) return placing.admitted;
    if (connections_.size() - present.size() >= options_.connections.of_others) return false;  // that many are still ending
    their[*placing.displaced]->displaced = true;
    ::shutdown(their[*placing.displaced]->socket, SHUT_RDWR);
    return true;
  }

  void reap() {
    for (Connection& connection : connections_)
      if (connection.ended) finish(connection);
    connections_.remove_if([](const Connection& connection) { return connection.socket < 0; });
  }

  static void finish(Connection& connection) {
    connection.thread.join();
    ::close(connection.socket);
    connection.socket = -1;
  }

  // Serves one request after the other, until the client has no more or breaks the protocol.
  void serve(Connection& connection) {
    try {
      FrameReader requests(connection.socket);
      while (serve_one(connection, requests)) {
      }
    } catch (const std::exception& bug) {
      log(LogLine(Priority::error, "control-failed").add("why", bug.what()));
    }
    ::shutdown(connection.socket, SHUT_RDWR);
    connection.ended = true;
  }

  bool serve_one(Connection& connection, FrameReader& requests) {
    const ControlPeer& peer = connection.peer;
    const auto frame = requests.read(peer.may_do_everything ? kMaxRequest : kMaxRequestOfOthers, options_.request_patience);
    control_pb::Request request;
    if (!frame || !request.ParseFromString(*frame)) return false;
    if (request.has_act() && !request.act().dry_run()) log_action(request.act(), peer);
    const auto patience = peer.may_do_everything ? options_.response_patience_of_operators : options_.response_patience;
    SocketOutlet outlet(connection.socket, peer.uid, patience, peer.may_do_everything ? operators_ : others_);
    answer_control(request, peer, backend_, Clock::current().wall(), outlet);
    return outlet.finish();
  }

  static void log_action(const control_pb::Request::Act& act, const ControlPeer& peer) {
    if (!peer.may_do_everything && !may_log(fairness::Owner::user(peer.uid), "operator")) return;
    log(LogLine(Priority::notice, "operator")
            .keep()
            .add("action", control_pb::Action_Name(act.action()))
            .add("uid", static_cast<std::int64_t>(peer.uid))
            .add("rights", peer.may_do_everything ? "all" : "own-mail")
            .add("selector", act.selector().ShortDebugString()));
  }

  ControlServerOptions options_;
  ControlBackend& backend_;
  system::Descriptor listener_;
  bool is_ours_;  // this server created its file
  int stop_;
  std::optional<gid_t> group_;
  WorkTurns others_, operators_;
  std::list<Connection> connections_;  // used by the accepting thread; other threads know only their own entry
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::open(ControlServerOptions options, ControlBackend& backend,
                                                           system::Descriptor passed) {
  const bool is_ours = !passed.is_open();
  auto listener = is_ours ? system::listen_at(options.socket, kBacklog) : Result<system::Descriptor>(std::move(passed));
  if (!listener) return listener.error();
  const int stop = ::eventfd(0, EFD_CLOEXEC);
  if (stop < 0) return failed("cannot make an eventfd");
  auto server = std::make_unique<Server>(std::move(options), backend, std::move(*listener), is_ours, stop);
  if (auto started = server->start(); !started) return started.error();
  return std::unique_ptr<ControlServer>(std::move(server));
}

}  // namespace mxpress::mta::control
