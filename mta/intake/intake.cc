// Accepts clients, and runs one coroutine for each of them.
#include "mta/intake/intake.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <map>

#include "dns/ip_address.h"
#include "mta/intake/peer.h"
#include "mta/intake/sessions.h"
#include "mta/intake/socket_owner.h"
#include "mta/intake/submit.h"
#include "mta/net/stream_socket.h"
#include "mta/smtp/server_session.h"
#include "mta/system/log.h"
#include "mta/system/log_limit.h"
#include "proto/reply.h"

namespace mxpress::mta::intake {
namespace {

using boost::system::error_code;
using smtp::ServerReply;
using TcpAcceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using UnixAcceptor = asio::basic_socket_acceptor<asio::local::stream_protocol, Executor>;

constexpr std::chrono::milliseconds kAcceptPause(100);  // after a failed accept, for example without free descriptors
constexpr int kAtATime = 16;                            // clients to accept before the worker's other clients are served
constexpr std::chrono::seconds kBetweenWords(10);       // between log lines about such failures
constexpr std::chrono::seconds kRefusal(5);             // time to send one reply

ServerReply shutting_down() { return {421, proto::EnhancedStatus{4, 3, 2}, "Shutting down"}; }
ServerReply busy() { return {421, proto::EnhancedStatus{4, 3, 2}, "Too many connections; try again later"}; }
ServerReply has_closed() { return {421, proto::EnhancedStatus{4, 4, 2}, "The client has closed before it was greeted"}; }
ServerReply not_allowed() { return {554, proto::EnhancedStatus{5, 7, 1}, "Your address is not in [listen] allow of this host"}; }

// A lasting failure is logged now and then.
void log_not_accepted(const error_code& code, BootTime& next_word) {
  const BootTime now = BootClock::now();
  if (now < next_word) return;
  next_word = now + kBetweenWords;
  LogLine line(Priority::error, "not-accepted");
  log(line.add("reason", code.message()));
}

bool may_speak(const Config& config, const dns::Address& client) {
  if (dns::is_loopback(client)) return true;
  return std::any_of(config.listen.allow.begin(), config.listen.allow.end(),
                     [&](const dns::Network& network) { return network.contains(client); });
}

void log_refused(const Entrance& entrance, const ServerReply& reply) {
  if (!may_log(entrance.owner(), "rejected")) return;
  LogLine line(Priority::notice, "rejected");
  line.add("at", "connect").add("reply", reply.to_string()).add("entrance", entrance.submitter.entrance);
  if (entrance.submitter.uid >= 0) line.add("uid", entrance.submitter.uid);
  if (!entrance.submitter.client_address.empty()) line.add("client", entrance.submitter.client_address);
  log(line);
}

Task<void> refuse(std::unique_ptr<net::Stream> stream, ServerReply reply) {
  stream->set_deadline(BootClock::now() + kRefusal);
  const std::string bytes = proto::format_reply(reply.code, reply.status, reply.text);
  const Status ignored = co_await stream->write(bytes);
  static_cast<void>(ignored);  // the connection ends in any case
}

// The next waiting client, or no descriptor and the reason.
template <class Endpoint>
system::Descriptor next_client(int listener, Endpoint& from, error_code& code) {
  auto size = static_cast<socklen_t>(from.capacity());
  int accepted;
  do accepted = ::accept4(listener, from.data(), &size, SOCK_CLOEXEC);
  while (accepted < 0 && errno == EINTR);
  system::Descriptor client(accepted);
  code = client.is_open() ? error_code() : error_code(errno, boost::system::system_category());
  if (client.is_open()) from.resize(size);
  return client;
}

// The part of `total` for this one of several places.
std::size_t part_of(std::size_t total, std::size_t place, std::size_t places) { return total / places + (place < total % places ? 1 : 0); }

}  // namespace

struct Intake::State {
  // One worker's place for sessions.
  struct Place {
    Place(asio::io_context& context, std::size_t limit) : io(context), sessions(limit) {}
    std::shared_ptr<const smtp::ServerProfile> profile_of(Completion completion, std::shared_ptr<const Config> config);

    asio::io_context& io;
    Sessions sessions;
    std::atomic<std::size_t> open{0};  // sessions, including those that have not begun yet
    // The current profile for each entrance; made again when the configuration changes. Thread: of the worker.
    struct Profile {
      std::shared_ptr<const Config> config;
      std::shared_ptr<const smtp::ServerProfile> made;
    };
    std::map<Completion, Profile> profiles;
  };

  State(Context& shared, std::vector<asio::io_context*> workers);
  Place& emptiest_place();
  std::optional<fairness::Owner> owner_of(const net::TcpSocket& socket, const TcpEnd& client);

  template <class Acceptor>
  void begin_accepting(Acceptor& acceptor);
  template <class Acceptor>
  Task<void> accept(Acceptor& acceptor);
  void welcome(net::TcpSocket socket, const asio::ip::tcp::endpoint& from, Place& place);
  void welcome(net::UnixSocket socket, const asio::local::stream_protocol::endpoint& from, Place& place);
  void begin(std::unique_ptr<net::Stream> stream, Entrance entrance, Place& place);
  Task<void> serve_or_refuse(std::unique_ptr<net::Stream> stream, Entrance entrance, Place& place);
  void one_less();

  Context& context;
  std::vector<std::unique_ptr<Place>> places;
  std::vector<std::unique_ptr<TcpAcceptor>> tcp;  // these four: thread of the first worker
  std::unique_ptr<UnixAcceptor> submission;
  SocketOwners socket_owners;
  SocketFile submission_file;
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> open{1};  // sessions, listeners, plus one until it is stopped
  std::function<void()> done;
};

Intake::State::State(Context& shared, std::vector<asio::io_context*> workers) : context(shared) {
  for (asio::io_context* worker : workers) {
    places.push_back(std::make_unique<Place>(*worker, part_of(kMaxSessions, places.size(), workers.size())));
  }
}

std::shared_ptr<const smtp::ServerProfile> Intake::State::Place::profile_of(Completion completion, std::shared_ptr<const Config> config) {
  Profile& known = profiles[completion];
  if (known.config == config) return known.made;
  auto options = server_options(*config, completion);
  if (!options.ok()) throw std::logic_error("hostname: " + options.error().message);  // load_config() has checked it
  known = {std::move(config), std::make_shared<const smtp::ServerProfile>(std::move(*options))};
  return known.made;
}

template <class Acceptor>
void Intake::State::begin_accepting(Acceptor& acceptor) {
  ++open;
  auto ended = [this](std::exception_ptr exception) {
    log_bug("session", exception);
    one_less();
  };
  asio::co_spawn(acceptor.get_executor(), accept(acceptor), std::move(ended));
}

// The first of several, which is that of the accepting thread: so a single client wakes no other thread. While there are fewer sessions
// than allowed, the emptiest place has room, because no two limits differ by more than one.
Intake::State::Place& Intake::State::emptiest_place() {
  return **std::min_element(places.begin(), places.end(), [](const auto& a, const auto& b) { return a->open < b->open; });
}

template <class Acceptor>
Task<void> Intake::State::accept(Acceptor& acceptor) {
  Timer pause(acceptor.get_executor());
  BootTime next_word{};
  acceptor.non_blocking(true);
  while (acceptor.is_open()) {
    error_code code;
    co_await acceptor.async_wait(asio::socket_base::wait_read, asio::redirect_error(use_task, code));
    for (int more = kAtATime; more > 0 && (!code || code == asio::error::connection_aborted); --more) {
      typename Acceptor::endpoint_type from;
      system::Descriptor client = next_client(acceptor.native_handle(), from, code);
      if (code) continue;
      Place& place = emptiest_place();
      const auto protocol = from.protocol();
      welcome({place.io.get_executor(), protocol, client.release()}, from, place);
    }
    if (acceptor.is_open() && code && code != asio::error::would_block && code != asio::error::connection_aborted) {
      log_not_accepted(code, next_word);
      pause.expires_after(kAcceptPause);
      error_code ignored;
      co_await pause.async_wait(asio::redirect_error(use_task, ignored));
    }
  }
}

// A program on this host may use any address of 127.0.0.0/8, and be any user. Nullopt: it has closed its socket, so that nobody can know.
std::optional<fairness::Owner> Intake::State::owner_of(const net::TcpSocket& socket, const TcpEnd& client) {
  if (!dns::is_loopback(client.address)) return fairness::owner_of_client(client.address);
  error_code gone;
  const auto own = socket.local_endpoint(gone);
  if (gone) return std::nullopt;
  const auto found = socket_owners.find(client, {dns::from_asio(own.address()), own.port()});
  if (found.has_closed) return std::nullopt;
  return fairness::Owner::user(found.uid.value_or(-1));
}

void Intake::State::welcome(net::TcpSocket socket, const asio::ip::tcp::endpoint& from, Place& place) {
  const dns::Address address = dns::from_asio(from.address());
  Entrance entrance;
  entrance.submitter.entrance = "smtp";
  entrance.submitter.client_address = dns::address_and_port(address, from.port());
  entrance.completion = dns::is_loopback(address) ? Completion::complete : Completion::only_trace;
  const auto owner = owner_of(socket, {address, from.port()});
  error_code ignored;
  if (!owner && socket.available(ignored) > 0) log_refused(entrance, has_closed());  // nobody is there to be told
  if (!owner) return;
  entrance.submitter.share = *owner;
  auto stream = net::make_tcp_stream(std::move(socket));
  if (!may_speak(*context.config.get(), address)) {
    log_refused(entrance, not_allowed());
    return asio::co_spawn(place.io.get_executor(), refuse(std::move(stream), not_allowed()),
                          [](std::exception_ptr error) { log_bug("session", error); });
  }
  begin(std::move(stream), std::move(entrance), place);
}

void Intake::State::welcome(net::UnixSocket socket, const asio::local::stream_protocol::endpoint&, Place& place) {
  auto submitter = peer_of_unix_socket(socket.native_handle());
  if (!submitter.ok()) return;  // the client is gone already
  Entrance entrance;
  entrance.submitter = std::move(*submitter);
  entrance.submitter.entrance = "sendmail";
  begin(net::make_unix_stream(std::move(socket)), std::move(entrance), place);
}

void Intake::State::begin(std::unique_ptr<net::Stream> stream, Entrance entrance, Place& place) {
  ++open;
  ++place.open;
  auto ended = [this, &place](std::exception_ptr exception) {
    log_bug("session", exception);
    --place.open;
    one_less();
  };
  asio::co_spawn(place.io.get_executor(), serve_or_refuse(std::move(stream), std::move(entrance), place), std::move(ended));
}

Task<void> Intake::State::serve_or_refuse(std::unique_ptr<net::Stream> stream, Entrance entrance, Place& place) {
  if (stopping) co_return co_await refuse(std::move(stream), shutting_down());
  if (!place.sessions.make_room(entrance.owner())) {
    log_refused(entrance, busy());
    co_return co_await refuse(std::move(stream), busy());
  }
  auto profile = place.profile_of(entrance.completion, context.config.get());
  const fairness::Owner owner = entrance.owner();
  Submission sink(context, std::move(entrance));
  smtp::ServerSession session(std::move(stream), sink, std::move(profile));
  const Sessions::Entry entry(place.sessions, session, owner);
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

std::vector<std::size_t> Intake::open_sessions() const {
  std::vector<std::size_t> counts;
  for (const auto& place : state_->places) counts.push_back(place->open);
  return counts;
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
