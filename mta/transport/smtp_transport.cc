// One attempt over the targets of a destination, and the sessions that stay open for the next one.
#include "mta/transport/smtp_transport.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <random>
#include <span>
#include <utility>

#include "mta/auth/current_login.h"
#include "mta/config/config.h"
#include "mta/content/pipeline.h"
#include "mta/events/event.h"
#include "mta/events/hub.h"
#include "mta/fairness/one_at_a_time.h"
#include "mta/net/dane.h"
#include "mta/net/tls.h"
#include "mta/rates/hold.h"
#include "mta/replies/provider_limits.h"
#include "mta/smtp/client.h"
#include "mta/smtp/client_result.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"
#include "mta/transport/busy_hosts.h"
#include "mta/transport/conversation.h"
#include "mta/transport/demanded_sender.h"
#include "mta/transport/family_change.h"
#include "mta/transport/family_memory.h"
#include "mta/transport/host_answers.h"
#include "mta/transport/provider_terms.h"
#include "mta/transport/refused_rate.h"
#include "mta/transport/session_key.h"
#include "mta/transport/session_options.h"
#include "mta/transport/session_pool.h"
#include "mta/transport/spool_data.h"
#include "mta/transport/step_memory.h"
#include "mta/transport/target_order.h"
#include "mta/transport/tls_memory.h"

namespace mxpress::mta::transport {
namespace {

constexpr Duration kIdleAtMostLate = std::chrono::milliseconds(250);

using proto::HostAttempt, proto::HostResult, proto::Outcome;

}  // namespace

// The sessions, and the data remembered about hosts.
class SmtpTransport::Parts final : private TargetConnections::Caller {
 public:
  explicit Parts(SmtpServices services);
  ~Parts();

  Task<AttemptReport> deliver(Order& order);
  std::optional<HostResult> busy_now(const Order& order);
  void when_room(Room room) { room_ = std::move(room); }
  std::size_t most_orders(const Config& config) const;
  bool keeps_site(std::uint32_t site) const { return idle_.has(site); }
  void stop() { is_stopping_ = true, close_idle(); }
  const TlsMemory& tls_memory() const { return tls_memory_; }
  const StepMemory& step_memory() const { return step_memory_; }
  const FamilyMemory& family_memory() const { return family_memory_; }

 private:
  class Attempt;
  void called(const dns::Address& address, std::uint32_t site, const fairness::Owner& owner) override;
  void give_way() override;
  void make_room(const Config& config);
  bool keep(std::uint32_t site, SessionPool::Session& session, std::size_t most_messages);
  void close_soon(SessionPool::Session session);
  void close_idle();
  void close_wanted();
  void close_wanted_soon();
  void arm();

  SmtpServices services_;
  std::mt19937_64 random_;
  Timer timer_, wanted_timer_;  // for waiting sessions
  bool is_armed_ = false, is_wanted_armed_ = false;
  bool is_stopping_ = false;
  std::size_t active_ = 0;  // orders in progress: each has a connection, or is about to
  SessionPool idle_;
  Room room_;
  TlsMemory tls_memory_;
  StepMemory step_memory_;
  FamilyMemory family_memory_;
  TargetFailures target_failures_;
  fairness::OneAtATime headers_;  // that are being prepared for signing
};

// The state of one attempt.
class SmtpTransport::Parts::Attempt {
 public:
  Attempt(Parts& smtp, Order& order)
      : smtp_(smtp),
        order_(order),
        data_(*order.message, smtp.services_.files),
        content_(data_, order.message->envelope, order.terms->is_lmtp ? nullptr : order.config->signer.get(),
                 {&smtp.headers_, smtp.services_.files}),
        sent_as_(envelope_under(order.terms->author, order.message->envelope)),
        family_(order.rules.get()),
        conversation_(smtp.services_.followers, order) {
    if (order.terms->author) content_.replace_author(*order.terms->author);
    equals_ = order_targets(order.targets, {*order.message, order.recipients}, {smtp.target_failures_, smtp.family_memory_}, smtp.random_);
    report_.attempt.time = Clock::current().wall();
    report_.attempt.recipients = order.recipients;
    report_.results.resize(order.recipients.size());
  }

  Task<AttemptReport> run() {
    int sessions = 0;
    put_open_first();
    for (std::size_t i = 0; i < order_.targets.size(); ++i) {
      if (sessions == kMostSessionsOfOrder + family_.has_begun() || !has_untried(report_) || !order_.wanted()) break;
      const bool is_less_preferred = i >= equals_;  // those are no overflow
      if (is_less_preferred && sessions == 0 && busy_.worth_waiting_for()) break;
      const dns::Target& target = order_.targets[i];
      if (family_.leaves_out(target)) continue;
      content_.leave_host();
      if (co_await try_target(target)) ++sessions;
      if (family_.consider(target, std::span(order_.targets).subspan(i + 1), report_)) co_await close_kept(target);
    }
    if (const dns::Target* const target = busy_.worth_waiting_for(); target && sessions == 0) {
      conversation_.leave();
      report_.is_busy = true;
      report_.failure = has_enough(order_, *target, *smtp_.services_.connections);
      co_return std::move(report_);
    }
    finish();
    conversation_.end(report_.results, smtp_.services_.events);
    report_.ended = Clock::current().wall();
    co_return std::move(report_);
  }

 private:
  // RFC 5321 5.1 spreads sessions, not messages: an open session to one of the targets that may be first is used again.
  void put_open_first() {
    if (!smtp_.idle_.has(order_.site) || !order_.wanted()) return;
    const auto begin = order_.targets.begin();
    for (auto place = begin; place != begin + static_cast<std::ptrdiff_t>(std::min(equals_, order_.targets.size())); ++place)
      if (open_session_ = take_usable(*place); open_session_) return void(std::rotate(begin, place, place + 1));
  }

  // If the host has closed the session, or sent something, that says nothing about the host.
  SessionPool::Session take_usable(const dns::Target& target) {
    while (auto session = smtp_.idle_.take(order_.site, target)) {
      if (!session.client->usable()) continue;
      if (has_terms(*session.client, target) && session.connection.use_for(order_.owner)) return session;
      smtp_.close_soon(std::move(session));
    }
    return {};
  }

  // The password, or the way to sign in, may have changed since the session was opened.
  bool has_terms(const smtp::ClientSession& session, const dns::Target& target) const {
    return auth::is_in_force(session.login(), order_.terms->login) && session.tls_policy() == policy_for(target);
  }
  net::TlsPolicy policy_for(const dns::Target& target) const { return net::policy_for(target, order_.terms->tls); }

  // True if the host got as far as a transaction. A host of the same provider that is tried next has the place of a connection that ended.
  Task<bool> try_target(const dns::Target& target) {
    SessionPool::Session session = open_session_ ? std::exchange(open_session_, {}) : take_usable(target);
    const bool has_begun = co_await try_session(target, session);
    session.client.reset();
    spare_ = std::move(session.connection);
    co_return has_begun;
  }

  // The other family has the place of the session that waits for mail which this one refuses.
  Task<void> close_kept(const dns::Target& target) {
    SessionPool::Session session = smtp_.idle_.take(order_.site, target);
    if (session) co_await session.client->quit();
    session.client.reset();
    if (session.connection) spare_ = std::move(session.connection);
  }

  Task<bool> try_session(const dns::Target& target, SessionPool::Session& session) {
    const bool reused = session.client != nullptr;
    if (!reused && !may_connect(target, session)) co_return false;
    order_.trying(target);
    if (reused && co_await transact_all(session, true)) co_return true;
    if (reused && (!order_.wanted() || !has_untried(report_))) co_return true;
    // Nor is it a failure if a session breaks when it is used again: try a new one.
    if (!co_await open(target, session)) co_return false;
    co_await transact_all(session, false);
    if (!std::exchange(lost_step_, false) || !order_.wanted()) co_return true;
    // Its replies did not match the pipelined commands: try again, one command at a time.
    if (co_await open(target, session)) co_await transact_all(session, false);
    co_return true;
  }

  // False if there are enough connections to the host.
  bool may_connect(const dns::Target& target, SessionPool::Session& session) {
    const ProviderTerms terms = provider_terms(order_, target);
    if (auto spare = std::exchange(spare_, {}); spare && spare.lead_to(terms.place)) return session.connection = std::move(spare), true;
    const TargetConnections::Asker asker{&smtp_, order_.site, order_.owner};
    auto connection = smtp_.services_.connections->open(terms.place, asker, terms.most_connections);
    if (!connection) return busy_.add(target), false;
    return session.connection = std::move(*connection), true;
  }

  // RFC 7435: after a failed handshake the next offer is tried on a new connection, clear text last if the policy allows it; the offer that
  // works is remembered. The previous connection of the session is closed. False: there is no session.
  Task<bool> open(const dns::Target& target, SessionPool::Session& session) {
    session.client.reset();
    smtp::ClientOptions options = session_options(order_, target);
    const net::TlsPeer peer(target, options.tls);
    const net::TlsLadder ladder{net::has_post_quantum(), order_.config->delivery.legacy_tls};
    const net::TlsOffer first_offer = smtp_.tls_memory_.offer_for(peer, ladder, system::instant_now());
    options.offer = first_offer;
    options.pipelining = smtp_.step_memory_.pipelining_for(target, system::instant_now());
    while (true) {
      auto opened = co_await open_once(target, options);
      const net::HandshakeFailure why = opened.handshake;
      if (opened.session && options.offer != first_offer) smtp_.tls_memory_.remember(peer, options.offer, system::instant_now());
      session.client = std::move(opened.session);
      if (session) co_return session.connection.was_taken(), true;
      conversation_.add(target, opening_since_.first, opened.dialogue, opened.failure);
      if (takes_no_more(opened.failure) && session.connection.was_refused()) co_return busy_.add(target), false;
      busy_.failed(target);
      note_failure(opened);
      if (opened.lacks_require_tls || why == net::HandshakeFailure::not_now) co_return false;
      // A failure under one policy says nothing about mail under another policy.
      if (why == net::HandshakeFailure::none && !opened.tls.forbids_mail()) smtp_.target_failures_.failed(target, system::instant_now());
      const auto next = why == net::HandshakeFailure::none ? std::nullopt : net::next_offer(options.offer, why, options.tls, ladder);
      if (!next) co_return false;
      options.offer = *next;
    }
  }

  Task<smtp::ClientSession::Opened> open_once(const dns::Target& target, smtp::ClientOptions options) {
    opening_since_ = {Clock::current().wall(), system::instant_now()};
    smtp_.make_room(*order_.config);
    options.listener = conversation_.listener_for(target);
    auto opened = co_await smtp::ClientSession::open(smtp_.services_.connector, target, options);
    connect_time_ = opened.connect;
    const proto::Envelope* const envelope = order_.is_by_route ? nullptr : &order_.message->envelope;
    smtp_.services_.events.emit(events::Connected{order_.message->id, target, opened.tls, opened.session != nullptr, envelope,
                                                  order_.recipients.front(), opened.local_address, opened.host_name});
    if (opened.tls.wanted.kind() > net::TlsPolicy::Kind::may) report_.tls.push_back({target.host, target.address_text(), opened.tls});
    co_return opened;
  }

  void note_failure(const smtp::ClientSession::Opened& opened) {
    remember_failure(opened.failure);
    const Duration total = system::instant_now() - opening_since_.second;
    report_.attempt.hosts.push_back({opened.failure, opening_since_.first, opened.connect, total, false});
  }

  // Runs transactions for all untried recipients on one session, which is idle or closed afterwards. False: the host failed on a session
  // that had been idle.
  Task<bool> transact_all(SessionPool::Session& session, bool reused) {
    smtp::ClientSession* const client = session.client.get();
    bool first = true;
    conversation_.begin(*client, reused ? Clock::current().wall() : opening_since_.first, reused);
    while (order_.wanted()) {
      const auto open_positions = untried_in(report_);
      const bool was_asked = reused && first;  // checked just now, and each check is a system call
      if (open_positions.empty() || !(was_asked || client->usable()) || !may_begin()) break;
      auto result = co_await transact_once(*client, open_positions, reused || !first);
      conversation_.ended(refusal_in(result));
      if (result.host_failure && reused && first && answered_in(result) == 0) {
        conversation_.leave_session(*client);
        co_await client->quit();
        co_return false;
      }
      if (has_delivered(result)) session.connection.took_mail();
      if (const bool failed = result.host_failure; !merge(client->target(), std::move(result), open_positions) || failed) break;
      first = false;
    }
    conversation_.leave_session(*client);
    if (has_untried(report_) || !smtp_.keep(order_.site, session, provider_terms(order_, client->target()).most_messages))
      co_await client->quit();  // this host's session need not wait while another host is tried
    co_return true;
  }

  // False: the rate limit allows no further transaction.
  bool may_begin() { return !order_.limit || !(is_limited_ = !order_.limit->begin_transaction()); }

  Task<smtp::TransactionResult> transact_once(smtp::ClientSession& session, const std::vector<std::size_t>& positions, bool reused) {
    smtp::Transaction transaction;
    transaction.envelope = sent_as_ ? &*sent_as_ : &order_.message->envelope;
    transaction.content = &content_;
    for (std::size_t position : positions) transaction.recipients.push_back(order_.recipients[position]);
    transaction.is_continuation = has_accepted(report_, session.target().address_text());
    transaction.most_words = most_words();
    transaction.may_send_content = order_.hand_over;
    HostAttempt attempt;
    attempt.started = Clock::current().wall();
    attempt.reused_session = reused;
    if (!reused) attempt.connect = connect_time_;
    const Instant start = system::instant_now();
    auto result = co_await session.transact(std::move(transaction));
    if (order_.limit) order_.limit->end_transaction(answered_in(result));
    if (result.header_broken) smtp_.services_.events.emit(events::HeaderBroken{order_.message->id, session.target().host});
    attempt.total = system::instant_now() - start;
    attempt.result = result.host_failure ? result.last : std::move(result.last);  // merge() needs it after a failure
    note_transaction(report_.attempt, std::move(attempt), result, most_words());
    co_return result;
  }

  // With many recipients the host's reply for each is shortened in memory and on disk.
  std::size_t most_words() const { return order_.recipients.size() > kManyRecipients ? kFewWords : SIZE_MAX; }

  // True if at least one recipient got an answer.
  bool merge(const dns::Target& target, smtp::TransactionResult result, const std::vector<std::size_t>& positions) {
    bool progress = false;
    for (std::size_t i = 0; i < positions.size() && i < result.recipients.size(); ++i) {
      const Outcome outcome = result.recipients[i].outcome;
      report_.results[positions[i]] = std::move(result.recipients[i]);
      progress = progress || outcome != Outcome::untried;
      if (outcome != Outcome::delivered) continue;
      report_.results[positions[i]].dsn_passed_on = result.dsn_passed_on;
      answered_ = true;
    }
    if (result.host_failure) remember_failure(result.last);
    if (result.host_failure && is_at_or_after_mail(result.last)) report_.after_mail = part_of(result.last.stage);
    // RFC 3207 4: this host accepts no mail in clear text, regardless of its earlier handshake.
    if (result.tls_required) smtp_.tls_memory_.forget(net::TlsPeer(target, policy_for(target)));
    if (!result.host_failure) answered_ = true;
    if (!result.host_failure) smtp_.target_failures_.answered(target);
    if (result.host_failure && !is_at_or_after_mail(result.last)) smtp_.target_failures_.failed(target, system::instant_now());
    if (result.lost_step && smtp_.step_memory_.pipelining_for(target, system::instant_now()) == smtp::Pipelining::where_offered) {
      smtp_.step_memory_.remember(target, system::instant_now());
      lost_step_ = true;
    }
    return progress;
  }

  void remember_failure(const HostResult& result) {
    report_.failure = has_failure_ ? most_telling(report_.failure, result) : result;
    has_failure_ = true;
  }

  void finish_change() {
    const FamilyChange::End end = family_.end(report_);
    family_.restore(report_);
    if (end == FamilyChange::End::none) return;
    const proto::HostResult& refusal = family_.refusal();
    if (end == FamilyChange::End::accepted) smtp_.family_memory_.remember(refusal.host, !family_.from_v6(), system::instant_now());
    smtp_.services_.events.emit(events::FamilyChanged{order_.message->id, refusal, family_.from_v6(), to_string(end)});
  }

  // Defers recipients without an answer with the most telling failure, unless none of all hosts takes it, now or later.
  void finish() {
    if (family_.has_begun()) finish_change();
    if (order_.limit && came_too_fast(order_, report_, *smtp_.services_.connections)) order_.limit->was_refused();
    if (is_limited_ && answered_) leave_out_untried(report_);
    if (!has_failure_ && !order_.wanted()) return;
    if (!has_failure_)
      report_.failure = {proto::Stage::none, "", "", "", {4, 4, 0}, 0, "not every recipient could be offered in one attempt", false};
    const bool refused = has_failure_ && !answered_ && no_host_takes_it(report_);
    if (!refused && report_.failure.status.klass == 5) report_.failure.status.klass = 4;
    smtp::shorten(report_.failure, most_words());
    conclude_untried(report_, refused ? Outcome::failed : Outcome::deferred, has_failure_);
    report_.site_failed = has_failure_ && !answered_ && !refused;
  }

  Parts& smtp_;
  Order& order_;
  std::size_t equals_ = 1;  // the number of targets in front that may change places
  SpoolData data_;
  content::Pipeline content_;                     // reads data_
  const std::optional<proto::Envelope> sent_as_;  // set if the route requires a sender
  AttemptReport report_;
  SessionPool::Session open_session_;  // to the next target to try
  TargetConnections::Hold spare_;      // of a connection that has been closed
  std::pair<WallTime, Instant> opening_since_;
  Duration connect_time_{0};
  BusyHosts busy_;
  FamilyChange family_;
  Conversation conversation_;
  bool has_failure_ = false;
  bool answered_ = false;
  bool is_limited_ = false;  // a transaction could not begin because of the rate limit
  bool lost_step_ = false;   // the current host lost step with pipelined commands
};

SmtpTransport::Parts::Parts(SmtpServices services)
    : services_(std::move(services)), random_(services_.seed), timer_(services_.io), wanted_timer_(services_.io) {
  if (!services_.connections) services_.connections = std::make_shared<TargetConnections>();
}

SmtpTransport::Parts::~Parts() { services_.connections->stop(); }

// When the daemon ends, the coroutine may be destroyed after the transport, so no destructor changes a count.
Task<AttemptReport> SmtpTransport::Parts::deliver(Order& order) {
  std::exception_ptr bug;
  AttemptReport report;
  ++active_;
  try {
    Attempt attempt(*this, order);
    report = co_await attempt.run();
  } catch (...) {
    bug = std::current_exception();
  }
  --active_;
  if (bug) std::rethrow_exception(bug);
  co_return report;
}

// Less preferred hosts are no overflow.
std::optional<HostResult> SmtpTransport::Parts::busy_now(const Order& order) {
  if (idle_.has(order.site)) return std::nullopt;
  for (const dns::Target& target : order.targets) {
    if (target.preference != order.targets.front().preference) break;
    const ProviderTerms terms = provider_terms(order, target);
    if (!services_.connections->must_wait(terms.place, {this, order.site, order.owner})) return std::nullopt;
  }
  return order.targets.empty() ? std::nullopt : std::optional(has_enough(order, order.targets.front(), *services_.connections));
}

std::size_t SmtpTransport::Parts::most_orders(const Config& config) const {
  return std::max<std::size_t>(1, config.delivery.max_sessions / services_.worker_count);
}

// Called before a connection is made: if connections are short, a waiting session is closed.
void SmtpTransport::Parts::make_room(const Config& config) {
  if (active_ + idle_.size() > most_orders(config) && idle_.size() > 0) close_soon(idle_.take_oldest());
}

// Returns false if it cannot serve another order. The next use checks whether the host has closed it.
bool SmtpTransport::Parts::keep(std::uint32_t site, SessionPool::Session& session, std::size_t most_messages) {
  session.connection.rest();
  const auto wanted = session.connection.wanted();
  const bool is_wanted = wanted != TargetConnections::Wanted::no;
  if (is_stopping_ || !session.client->in_step() || wanted == TargetConnections::Wanted::by_another_owner) return false;
  if (session.client->transactions() >= (is_wanted ? std::min<std::size_t>(kWantedTransactions, most_messages) : most_messages))
    return false;
  idle_.put(site, std::move(session), system::instant_now());
  arm();
  if (is_wanted) close_wanted_soon();
  return true;
}

void SmtpTransport::Parts::called(const dns::Address& address, std::uint32_t site, const fairness::Owner& owner) {
  asio::post(services_.io, [this, address, site, owner] {
    if (!room_ || !room_(site, owner)) services_.connections->decline(address, {this, site, owner});
  });
}

void SmtpTransport::Parts::give_way() {
  asio::post(services_.io, [this] { close_wanted(); });
}

void SmtpTransport::Parts::close_wanted() {
  while (auto session = idle_.take_wanted()) close_soon(std::move(session));
}

// The site may use it again before that.
void SmtpTransport::Parts::close_wanted_soon() {
  if (std::exchange(is_wanted_armed_, true)) return;
  wanted_timer_.expires_after(kWantedIdle);
  wanted_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    is_wanted_armed_ = false;
    close_wanted();
  });
}

void SmtpTransport::Parts::close_soon(SessionPool::Session session) {
  auto quit = [](SessionPool::Session leaving) -> Task<void> { co_await leaving.client->quit(); };
  asio::co_spawn(services_.io, quit(std::move(session)), [](std::exception_ptr error) { log_bug("the end of a session", error); });
}

void SmtpTransport::Parts::close_idle() {
  const auto since = system::instant_now() - kIdle;
  for (auto oldest = idle_.oldest(); oldest && (is_stopping_ || *oldest <= since); oldest = idle_.oldest()) close_soon(idle_.take_oldest());
}

// One timer for all: sessions that end at about the same time are closed together.
void SmtpTransport::Parts::arm() {
  const auto oldest = idle_.oldest();
  if (is_armed_ || !oldest) return;
  is_armed_ = true;
  timer_.expires_at(system::to_boot_time(*oldest + kIdle + kIdleAtMostLate));
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    is_armed_ = false;
    close_idle();
    arm();
  });
}

SmtpTransport::SmtpTransport(SmtpServices services) : parts_(std::make_unique<Parts>(std::move(services))) {}
SmtpTransport::~SmtpTransport() = default;
Task<AttemptReport> SmtpTransport::deliver(Order& order) { return parts_->deliver(order); }
std::optional<HostResult> SmtpTransport::busy_now(const Order& order) { return parts_->busy_now(order); }
void SmtpTransport::when_room(Room room) { parts_->when_room(std::move(room)); }
std::size_t SmtpTransport::most_orders(const Config& config) const { return parts_->most_orders(config); }
bool SmtpTransport::keeps_site(std::uint32_t site) const { return parts_->keeps_site(site); }
void SmtpTransport::stop() { parts_->stop(); }
const TlsMemory& SmtpTransport::tls_memory() const { return parts_->tls_memory(); }
const StepMemory& SmtpTransport::step_memory() const { return parts_->step_memory(); }
const FamilyMemory& SmtpTransport::family_memory() const { return parts_->family_memory(); }

}  // namespace mxpress::mta::transport
