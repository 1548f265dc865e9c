// A session with one mail host: opening, transactions, QUIT.
#include "mta/smtp/client.h"

#include <utility>

#include "mta/smtp/client_channel.h"
#include "mta/smtp/client_opening.h"
#include "mta/smtp/client_result.h"
#include "mta/smtp/dialogue.h"
#include "mta/smtp/transaction.h"

namespace mxpress::mta::smtp {
namespace {
constexpr int kClosing = 421;  // RFC 5321 3.8
}

struct ClientSession::State {
  State(std::unique_ptr<net::Stream> stream, dns::Target host, ClientOptions client_options)
      : target(std::move(host)), options(std::move(client_options)), channel(std::move(stream)) {}

  dns::Target target;
  ClientOptions options;
  ClientChannel channel;
  proto::Extensions extensions;
  std::uint32_t transactions = 0;
  bool needs_reset = false;  // a transaction was begun and not ended by its dot
};

ClientSession::ClientSession(std::unique_ptr<net::Stream> stream, dns::Target target, ClientOptions options)
    : state_(std::make_unique<State>(std::move(stream), std::move(target), std::move(options))) {}

ClientSession::~ClientSession() = default;

Task<ClientSession::Opened> ClientSession::open(net::Connector& connector, dns::Target target, ClientOptions options) {
  Opened opened;
  const BootTime start = BootClock::now();
  opened.tls = net::result_before_connect(options.tls, target.host);
  if (opened.tls.forbids_mail()) {
    opened.failure = not_allowed(target, opened.tls);
    co_return opened;
  }
  if (options.require_tls && !options.tls.needs_certificate()) {
    opened.failure = not_vouched_for(target);
    opened.lacks_require_tls = true;
    co_return opened;
  }
  Result<std::unique_ptr<net::Stream>> stream =
      co_await connector.connect(target, options.tls, options.source, start + options.timeouts.connect);
  opened.connect = std::chrono::duration_cast<Duration>(BootClock::now() - start);
  if (!stream.ok()) {
    opened.failure = not_connected(target, stream.error());
    co_return opened;
  }
  auto session = std::make_unique<ClientSession>(std::move(*stream), std::move(target), std::move(options));
  State& state = *session->state_;
  state.channel.set_end(start + state.options.timeouts.session);
  state.channel.dialogue().start(start);
  state.channel.dialogue().listen(std::exchange(state.options.listener, nullptr));
  opened.local_address = state.channel.local_address();
  ClientOpening opening(state.channel, state.target, state.options, std::move(opened.tls));
  const bool is_open = co_await opening.run();
  state.extensions = opening.extensions();
  if (state.options.pipelining == Pipelining::never) state.extensions.pipelining = false;
  opened.failure = opening.failure();
  opened.handshake = opening.handshake();
  opened.tls = opening.tls();
  opened.lacks_require_tls = opening.lacks_require_tls();
  opened.host_name = opening.host_name();
  if (is_open)
    opened.session = std::move(session);
  else
    opened.dialogue = std::make_shared<const std::vector<proto::DialogueLine>>(state.channel.dialogue().lines());
  co_return opened;
}

void ClientSession::begin_message() { state_->channel.dialogue().begin_message(); }

void ClientSession::listen(std::function<void(const proto::DialogueLine&)> listener) {
  state_->channel.dialogue().listen(std::move(listener));
}

std::vector<proto::DialogueLine> ClientSession::dialogue() const { return state_->channel.dialogue().lines(); }

Task<TransactionResult> ClientSession::transact(Transaction transaction) {
  state_->channel.set_end(BootClock::now() + state_->options.timeouts.session);
  ++state_->transactions;
  ClientTransaction run(state_->channel, state_->target, state_->options, state_->extensions, std::move(transaction));
  if (state_->needs_reset) run.reset_first();
  TransactionResult result = co_await run.run();
  state_->needs_reset = run.is_begun();
  co_return result;
}

Task<bool> ClientSession::reset() {
  ClientChannel& channel = state_->channel;
  if (!std::exchange(state_->needs_reset, false) || !channel.is_open()) co_return true;
  bool matches = !channel.has_unread();
  if (matches) {
    const Result<proto::Reply> reply = co_await send_reset(channel, state_->options.timeouts);
    const bool has_closed = !reply.ok() || reply->code == kClosing;
    matches = has_closed || (reply->is_positive() && !channel.has_unread());
    if (!has_closed && matches) co_return true;
  }
  channel.close();
  co_return matches;
}

bool ClientSession::in_step() const { return state_->channel.is_open() && !state_->channel.has_unread(); }

bool ClientSession::usable() const { return state_->channel.is_open() && !state_->channel.has_spoken(); }

std::uint32_t ClientSession::transactions() const { return state_->transactions; }

Task<void> ClientSession::quit() {
  state_->channel.set_end(BootTime::max());
  co_await quit_and_close(state_->channel, state_->options.timeouts.quit);
}

const dns::Target& ClientSession::target() const { return state_->target; }
const proto::Extensions& ClientSession::extensions() const { return state_->extensions; }
const net::TlsState& ClientSession::tls() const { return state_->channel.tls(); }
const net::TlsPolicy& ClientSession::tls_policy() const { return state_->options.tls; }
const auth::Login* ClientSession::login() const { return state_->options.login.get(); }

}  // namespace mxpress::mta::smtp
