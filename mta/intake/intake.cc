// Accepting clients, and one coroutine for each of them.
#include "mta/intake/intake.h"

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <map>

#include "mta/host/log.h"
#include "mta/intake/peer.h"
#include "mta/smtp/stream_socket.h"
#include "proto/reply.h"

namespace mxpress::mta::intake {
namespace {

using boost::system::error_code;
using smtp::ServerReply;
using TcpAcceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using UnixAcceptor = asio::basic_socket_acceptor<asio::local::stream_protocol, Executor>;

constexpr std::chrono::milliseconds kAcceptPause(100);  // after a failure to accept, such as no descriptors left
constexpr int kAtATime = 16;                            // clients that are accepted before others of the worker's are served
constexpr std::chrono::seconds kBetweenWords(10);       // about such failures
constexpr std::chrono::seconds kRefusal(5);             // to get rid of one reply

ServerReply shutting_down() { return {421, proto::EnhancedStatus{4, 3, 2}, "Shutting down"}; }
ServerReply busy() { return {421, proto::EnhancedStatus{4, 3, 2}, "Too many connections; try again later"}; }
ServerReply not_allowed() { return {554, proto::EnhancedStatus{5, 7, 1}, "Your address is not in [listen] allow of this host"}; }

void log_bug(std::exception_ptr exception) {
  if (!exception) return;
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& bug) {
    LogLine line(Priority::error, "bug");
    log(line.add("in", "session").add("what", bug.what()));
  }
}

// A trouble that lasts is told now and then.
void log_not_accepted(const error_code& code, BootTime& next_word) {
  const BootTime now = BootClock::now();
  if (now < next_word) return;
  next_word = now + kBetweenWords;
  LogLine line(Priority::error, "not-accepted");
  log(line.add("reason", code.message()));
}

dns::Address to_address(const asio::ip::address& from) {
  dns::Address result;
  result.is_v6 = from.is_v6();
  if (from.is_v6()) {
    const auto bytes = from.to_v6().to_bytes();
    std::copy(bytes.begin(), bytes.end(), result.bytes.begin());
  } else {
    const auto bytes = from.to_v4().to_bytes();
    std::copy(bytes.begin(), bytes.end(), result.bytes.begin());
  }
  return result;
}

bool may_speak(const Config& config, const dns::Address& client) {
  if (dns::is_loopback(client)) return true;
  return std::any_of(config.listen.allow.begin(), config.listen.allow.end(),
                     [&](const dns::Network& network) { return network.contains(client); });
}

Task<void> refuse(std::unique_ptr<smtp::Stream> stream, ServerReply reply) {
  stream->set_deadline(BootClock::now() + kRefusal);
  const std::string bytes = proto::format_reply(reply.code, reply.status, reply.text);
  const Status ignored = co_await stream->write(bytes);
  static_cast<void>(ignored);  // the connection ends either way
}

// Who counts as one for fairness. Whoever is on this host may come from any address of 127.0.0.0/8.
std::string peer_key(const dns::Address& address) { return dns::is_loopback(address) ? "loopback" : address.to_string(); }

}  // namespace

struct Intake::State {
  // One worker's place for sessions.
  struct Place {
    Place(asio::io_context& context, std::size_t limit) : io(context), sessions(limit) {}
    std::shared_ptr<const smtp::ServerProfile> profile_of(Completion completion, std::shared_ptr<const Config> config);

    asio::io_context& io;
    Sessions sessions;
    std::atomic<std::size_t> open{0};  // sessions, those that have not begun yet too
    // The one in force for each entrance; made again when the configuration is another one. Thread: of the worker.
    struct Profile {
      std::shared_ptr<const Config> config;
      std::shared_ptr<const smtp::ServerProfile> made;
    };
    std::map<Completion, Profile> profiles;
  };

  State(Context& shared, std::vector<asio::io_context*> workers);
  Place& next_place();

  template <class Acceptor>
  void begin_accepting(Acceptor& acceptor);
  template <class Acceptor>
  Task<void> accept(Acceptor& acceptor);
  void welcome(smtp::TcpSocket socket, const asio::ip::tcp::endpoint& from, Place& place);
  void welcome(smtp::UnixSocket socket, const asio::local::stream_protocol::endpoint& from, Place& place);
  void begin(std::unique_ptr<smtp::Stream> stream, Entrance entrance, std::string peer, Place& place);
  Task<void> serve(std::unique_ptr<smtp::Stream> stream, Entrance entrance, std::string peer, Place& place);
  Task<void> serve_or_refuse(std::unique_ptr<smtp::Stream> stream, Entrance entrance, std::string peer, Place& place);
  void one_less();

  Context& context;
  std::vector<std::unique_ptr<Place>> places;
  std::size_t turn = 0;
  std::vector<std::unique_ptr<TcpAcceptor>> tcp;  // these three, and the turn: thread of the first worker
  std::unique_ptr<UnixAcceptor> submission;
  SocketFile submission_file;
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> open{1};  // sessions, listeners, and one for not being stopped
  std::function<void()> done;
};

Intake::State::State(Context& shared, std::vector<asio::io_context*> workers) : context(shared) {
  const std::size_t limit = std::max<std::size_t>(1, kMaxSessions / workers.size());
  for (asio::io_context* worker : workers) places.push_back(std::make_unique<Place>(*worker, limit));
}

std::shared_ptr<const smtp::ServerProfile> Intake::State::Place::profile_of(Completion completion, std::shared_ptr<const Config> config) {
  Profile& known = profiles[completion];
  if (known.config == config) return known.made;
  auto options = server_options(*config, completion);
  if (!options.ok()) throw std::logic_error("hostname: " + options.error().message);  // load_config() checks it
  known = {std::move(config), std::make_shared<const smtp::ServerProfile>(std::move(*options))};
  return known.made;
}

template <class Acceptor>
void Intake::State::begin_accepting(Acceptor& acceptor) {
  ++open;
  auto ended = [this](std::exception_ptr exception) {
    log_bug(exception);
    one_less();
  };
  asio::co_spawn(acceptor.get_executor(), accept(acceptor), std::move(ended));
}

// That of the thread that accepts, if it has no session: a client who is alone wakes no other. Else in turn.
Intake::State::Place& Intake::State::next_place() { return *places[places.front()->open == 0 ? 0 : turn++ % places.size()]; }

template <class Acceptor>
Task<void> Intake::State::accept(Acceptor& acceptor) {
  Timer pause(acceptor.get_executor());
  BootTime next_word{};
  acceptor.set_option(asio::socket_base::enable_connection_aborted(true));  // else Asio waits for the next client, though more are here
  acceptor.non_blocking(true);
  while (acceptor.is_open()) {
    error_code code;
    co_await acceptor.async_wait(asio::socket_base::wait_read, asio::redirect_error(use_task, code));
    for (int more = kAtATime; more > 0 && (!code || code == asio::error::connection_aborted); --more) {
      Place& place = next_place();
      typename Acceptor::endpoint_type from;
      asio::basic_stream_socket<typename Acceptor::protocol_type, Executor> socket(place.io.get_executor());
      acceptor.accept(socket, from, code);
      if (!code) welcome(std::move(socket), from, place);
    }
    if (acceptor.is_open() && code && code != asio::error::would_block && code != asio::error::connection_aborted) {
      log_not_accepted(code, next_word);
      pause.expires_after(kAcceptPause);
      error_code ignored;
      co_await pause.async_wait(asio::redirect_error(use_task, ignored));
    }
  }
}

void Intake::State::welcome(smtp::TcpSocket socket, const asio::ip::tcp::endpoint& from, Place& place) {
  const dns::Address address = to_address(from.address());
  Entrance entrance;
  entrance.submitter.entrance = "smtp";
  entrance.submitter.client_address = dns::address_and_port(address, from.port());
  entrance.completion = dns::is_loopback(address) ? Completion::complete : Completion::only_trace;
  auto stream = smtp::make_tcp_stream(std::move(socket));
  if (!may_speak(*context.config.get(), address)) {
    LogLine line(Priority::notice, "rejected");
    log(line.add("at", "connect").add("reply", not_allowed().to_string()).add("client", entrance.submitter.client_address));
    return asio::co_spawn(place.io.get_executor(), refuse(std::move(stream), not_allowed()), log_bug);
  }
  begin(std::move(stream), std::move(entrance), peer_key(address), place);
}

void Intake::State::welcome(smtp::UnixSocket socket, const asio::local::stream_protocol::endpoint&, Place& place) {
  auto submitter = peer_of_unix_socket(socket.native_handle());
  if (!submitter.ok()) return;  // gone already
  Entrance entrance;
  entrance.submitter = std::move(*submitter);
  entrance.submitter.entrance = "sendmail";
  const std::string peer = "uid " + std::to_string(entrance.submitter.uid);
  begin(smtp::make_unix_stream(std::move(socket)), std::move(entrance), peer, place);
}

void Intake::State::begin(std::unique_ptr<smtp::Stream> stream, Entrance entrance, std::string peer, Place& place) {
  ++open;
  ++place.open;
  auto ended = [this, &place](std::exception_ptr exception) {
    log_bug(exception);
    --place.open;
    one_less();
  };
  asio::co_spawn(place.io.get_executor(), serve_or_refuse(std::move(stream), std::move(entrance), std::move(peer), place),
                 std::move(ended));
}

Task<void> Intake::State::serve_or_refuse(std::unique_ptr<smtp::Stream> stream, Entrance entrance, std::string peer, Place& place) {
  if (stopping) co_return co_await refuse(std::move(stream), shutting_down());
  if (!place.sessions.make_room(peer)) co_return co_await refuse(std::move(stream), busy());
  co_await serve(std::move(stream), std::move(entrance), std::move(peer), place);
}

Task<void> Intake::State::serve(std::unique_ptr<smtp::Stream> stream, Entrance entrance, std::string peer, Place& place) {
  auto profile = place.profile_of(entrance.completion, context.config.get());
  Submission sink(context, std::move(entrance));
  smtp::ServerSession session(std::move(stream), sink, std::move(profile));
  const Sessions::Entry entry(place.sessions, session, std::move(peer));
  co_await session.run();
}

void Intake::State::one_less() {
  if (--open == 0) done();
}

Intake::Intake(Context& context, std::vector<asio::io_context*> workers) : state_(std::make_unique<State>(context, std::move(workers))) {}

Intake::~Intake() = default;

void Intake::start(Listeners listeners) {
  State& state = *state_;
  const Executor first = state.places.front()->io.get_executor();
  for (TcpListener& listener : listeners.smtp) {
    const auto protocol = listener.address.is_v6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
    state.tcp.push_back(std::make_unique<TcpAcceptor>(first, protocol, listener.socket.release()));
    state.begin_accepting(*state.tcp.back());
  }
  if (!listeners.submission.is_open()) return;
  state.submission_file = std::move(listeners.submission_file);
  state.submission = std::make_unique<UnixAcceptor>(first, asio::local::stream_protocol(), listeners.submission.release());
  state.begin_accepting(*state.submission);
}

void Intake::stop(std::function<void()> done) {
  State& state = *state_;
  state.done = std::move(done);
  state.stopping = true;
  for (auto& place : state.places) {
    ++state.open;
    asio::post(place->io, [&state, &place] {
      place->sessions.stop(shutting_down());
      state.one_less();
    });
  }
  asio::post(state.places.front()->io, [&state] {
    error_code ignored;
    for (auto& acceptor : state.tcp) acceptor->close(ignored);
    if (state.submission) {
      state.submission_file.remove();  // from now on sendmail uses the drop folder
      state.submission->close(ignored);
    }
    state.one_less();
  });
}

}  // namespace mxpress::mta::intake
