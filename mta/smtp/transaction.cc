// One transaction of the client's side.
#include "mta/smtp/transaction.h"

#include <algorithm>

#include "mta/content/data_source.h"
#include "mta/content/pipeline.h"
#include "mta/smtp/client_channel.h"
#include "mta/smtp/client_opening.h"
#include "mta/smtp/client_result.h"
#include "mta/smtp/transaction_commands.h"
#include "mta/smtp/transaction_content.h"

namespace mxpress::mta::smtp {
namespace {

using proto::Outcome;
using proto::Reply;
using proto::Stage;

// After this many accepted recipients any 4xx to RCPT may be the host's limit: Courier sends 431 after 100.
constexpr std::size_t kMaybeLimit = 10;
constexpr int kClosing = 421;       // RFC 5321 3.8
constexpr int kAuthRequired = 530;  // also "Must issue a STARTTLS command first", RFC 3207 4

// The host itself fails (RFC 3463 3.4, X.3.X): another host may not.
bool is_system_failure(const Reply& reply) { return reply.is_transient() && reply.status().subject == 3; }

// RFC 5321 4.5.3.1.10: 452, or 552 of older hosts, unless the reply says that it is about this mailbox.
bool may_mean_too_many(const Reply& reply) {
  const int subject = reply.status().subject;
  return (reply.code == 452 || reply.code == 552) && subject != 1 && subject != 2;
}

Outcome outcome_of(const Reply& reply) { return reply.is_permanent() ? Outcome::failed : Outcome::deferred; }

// For a host that the configuration names.
proto::HostResult login_missing(const HostReporter& reporter, const Reply& reply) {
  const std::string words = "the mail host wants this host to sign in, and no auth is set for its route: " + reply.to_string();
  return reporter.found(Stage::auth, {4, 7, 0}, words);
}

Duration timeout_of(const EnvelopeCommand& command, const Timeouts& timeouts) {
  if (command.stage == Stage::mail) return timeouts.mail;
  return command.stage == Stage::rcpt ? timeouts.rcpt : timeouts.data;
}

// MAIL, RCPT for as many recipients as allowed, DATA if the content is to follow.
void add_envelope(EnvelopeCommands& commands, const Transaction& transaction, const content::Prepared& content, std::size_t most_recipients,
                  const proto::Extensions& extensions) {
  const proto::Envelope& envelope = *transaction.envelope;
  const std::size_t offered = std::min(transaction.recipients.size(), most_recipients);
  commands.reserve(offered);
  const std::uint64_t size = announced_size(content.data->size(), transaction.content->most_of_signatures(), extensions);
  commands.add_mail(envelope, size, content.body, extensions);
  for (std::size_t i = 0; i < offered; ++i) commands.add_rcpt(i, envelope.recipients[transaction.recipients[i]], extensions);
  if (transaction.extent == Extent::whole) commands.add_data();
}

std::string_view waiting_for(Stage stage) {
  if (stage == Stage::mail) return "waiting for the reply to MAIL";
  if (stage == Stage::rcpt) return "waiting for the reply to RCPT";
  return "waiting for the reply to DATA";
}

}  // namespace

ClientTransaction::ClientTransaction(ClientChannel& channel, const dns::Target& target, const ClientOptions& options,
                                     const proto::Extensions& extensions, Transaction transaction)
    : channel_(channel), target_(target), options_(options), extensions_(extensions), transaction_(std::move(transaction)) {
  result_.recipients.resize(transaction_.recipients.size());
  result_.dsn_passed_on = extensions_.dsn;
}

ClientTransaction::~ClientTransaction() = default;

HostReporter ClientTransaction::reporter() const { return {target_, channel_}; }

Task<TransactionResult> ClientTransaction::run() {
  if (!takes_stored_content() && !co_await prepare_content()) co_return std::move(result_);
  if (is_too_large()) co_return std::move(result_);
  co_await envelope_dialogue();
  if (refused_data_) co_await confirm_refused_data();
  if (!data_open_ || !channel_.is_open()) co_return std::move(result_);
  if (!accepted_.empty() && transaction_.may_send_content && !transaction_.may_send_content())
    channel_.close();  // after 354 nothing else takes the transaction back (RFC 5321 4.1.1.4)
  else
    co_await (accepted_.empty() ? only_dot() : content());
  co_return std::move(result_);
}

content::HostNeeds ClientTransaction::needs() const { return {extensions_.eight_bit_mime, target_.host}; }

// True if this host can get the content unchanged.
bool ClientTransaction::takes_stored_content() {
  const auto stored = transaction_.content->as_stored(needs());
  if (stored) content_ = *stored;
  return stored.has_value();
}

// Prepares another form of the content for this host. False: there is none, and the recipients are decided.
Task<bool> ClientTransaction::prepare_content() {
  content_ = co_await transaction_.content->prepare(needs());
  result_.header_broken = content_.breaks_header;
  if (content_.refusal)
    decide_all(content_.refusal->outcome, reporter().found(Stage::local, content_.refusal->status, content_.refusal->text));
  co_return !content_.refusal;
}

// True if the host's limit already decides it.
bool ClientTransaction::is_too_large() {
  const std::uint64_t size = content_.data->size();
  const std::uint64_t limit = extensions_.size_limit.value_or(0);
  if (limit == 0 || size <= limit) return false;
  const std::string words = "the message has " + std::to_string(size) + " octets, and the mail host takes at most " + std::to_string(limit);
  decide_all(Outcome::failed, reporter().found(Stage::local, {5, 3, 4}, words));  // RFC 1870 6.1
  return true;
}

Task<void> ClientTransaction::envelope_dialogue() {
  EnvelopeCommands commands;
  if (reset_first_) commands.add_reset();
  add_envelope(commands, transaction_, content_, options_.max_recipients, extensions_);
  const std::vector<EnvelopeCommand>& all = commands.all();
  std::size_t begin = 0;
  while (begin < all.size() && !stopped_) {
    // RFC 5321 3.3: DATA needs an accepted recipient.
    if (all[begin].stage == Stage::data && accepted_.empty()) co_return;
    if (all[begin].stage == Stage::rcpt && host_is_full_) {
      ++begin;
      continue;
    }
    const std::size_t end = commands.group_end(begin, extensions_.pipelining);
    if (!co_await exchange(commands.lines(begin, end), std::span(all).subspan(begin, end - begin))) co_return;
    begin = end;
  }
}

// Returns true if the host still listens.
Task<bool> ClientTransaction::exchange(std::string_view lines, std::span<const EnvelopeCommand> group) {
  if (channel_.has_unread()) {
    give_up_host(reporter().lost(group.front().stage, channel_.out_of_turn(), "waiting for nothing"));
    co_return false;
  }
  Status sent;
  const std::string_view rest = channel_.send_at_once(lines, timeout_of(group.front(), options_.timeouts));
  if (!rest.empty()) sent = co_await channel_.send_rest(rest);
  for (const EnvelopeCommand& command : group) {
    // Also if sending failed: the host may have sent 421 before it closed.
    const Duration timeout = sent.ok() ? timeout_of(command, options_.timeouts) : options_.timeouts.quit;
    auto cached = sent.ok() ? channel_.buffered_reply() : std::nullopt;
    Result<Reply> reply =
        cached ? std::move(*cached) : co_await (sent.ok() ? channel_.read_reply(timeout) : channel_.read_last_words(timeout));
    if (!reply.ok()) {
      const bool is_news = !stopped_;
      if (is_news) give_up_host(reporter().lost(command.stage, reply.error(), waiting_for(command.stage)));
      channel_.close();
      co_return false;
    }
    take(command, *reply);
    if (!channel_.is_open()) break;
  }
  co_return channel_.is_open();
}

void ClientTransaction::take(const EnvelopeCommand& command, const Reply& reply) {
  const bool is_in_step = command.stage == Stage::data ? !reply.is_positive() : !reply.is_intermediate();
  if (reply.code == kClosing || !is_in_step || (command.is_reset && !reply.is_positive())) {
    const bool is_news = !stopped_;
    if (!is_in_step) {
      lose_step(command.stage, reply);
    } else if (is_news) {
      give_up_host(reply.code == kClosing ? reporter().replied(command.stage, reply) : reporter().out_of_step(command.stage, reply));
    }
    channel_.close();
  } else if (command.stage == Stage::data) {
    take_data(reply);
  } else if (command.stage == Stage::rcpt && !stopped_) {
    take_rcpt(command.recipient, reply);
  } else if (command.stage == Stage::mail && !command.is_reset) {
    take_mail(reply);
  }
}

void ClientTransaction::take_mail(const Reply& reply) {
  begun_ = reply.is_positive();
  stopped_ = !reply.is_positive();
  if (reply.is_positive()) return;
  // RFC 3207 4: the host requires TLS. If it offers TLS and we have not used it, that can be tried.
  result_.tls_required = reply.code == kAuthRequired && extensions_.starttls && !channel_.tls().active();
  const proto::HostResult said = reporter().replied(Stage::mail, reply);
  const bool is_about_login = (options_.login || options_.is_by_route) && proto::refuses_login(said);
  const proto::HostResult why = is_about_login && !options_.login && !result_.tls_required ? login_missing(reporter(), reply) : said;
  if (result_.tls_required || is_system_failure(reply) || is_about_login) {
    give_up_host(why);
  } else {
    decide_all(outcome_of(reply), why);
  }
}

void ClientTransaction::take_rcpt(std::size_t recipient, const Reply& reply) {
  if (reply.is_positive() && transaction_.extent == Extent::envelope)
    keep(recipient, Outcome::untried, reporter().replied(Stage::rcpt, reply));
  if (reply.is_positive()) return accepted_.push_back(recipient);
  const proto::HostResult why = reporter().replied(Stage::rcpt, reply);
  const bool is_behind_many = reply.is_transient() && !is_system_failure(reply) && accepted_.size() >= kMaybeLimit;
  if (is_behind_many || (may_mean_too_many(reply) && (transaction_.is_continuation || !accepted_.empty()))) {
    host_is_full_ = true;
    decide(recipient, Outcome::untried, why);
  } else if (is_system_failure(reply)) {
    result_.host_failure = true;
    decide(recipient, Outcome::untried, why);
  } else {
    decide(recipient, outcome_of(reply), why);
  }
}

// RFC 2920 3.1: with no accepted recipient only a 354 matters; it must be answered by a dot.
void ClientTransaction::take_data(const Reply& reply) {
  data_open_ = reply.is_intermediate();
  if (data_open_ || accepted_.empty()) return;
  if (reply.is_permanent()) {
    refused_data_ = std::make_unique<Reply>(reply);
  } else {
    decide_accepted(reply, Stage::data);
  }
}

// A 5xx to DATA fails all accepted recipients, so it must really be the reply to DATA: if there was one reply too many before, it belongs
// to the last RCPT. A host that is in step answers RSET with one 2xx (RFC 5321 4.1.1.5) and sends nothing else. If a host closes, its reply
// counts.
Task<void> ClientTransaction::confirm_refused_data() {
  const Reply refusal = std::move(*refused_data_);
  if (channel_.is_open() && !channel_.has_unread()) {
    const Result<Reply> reset = co_await send_reset(channel_, options_.timeouts);
    if (!reset.ok()) {
      channel_.close();
    } else if (!reset->is_positive() || channel_.has_unread()) {
      lose_step(Stage::data, refusal);
    }
    begun_ = false;
  } else if (channel_.is_open()) {
    lose_step(Stage::data, refusal);
  }
  if (!result_.lost_step) decide_accepted(refusal, Stage::data);
}

Task<void> ClientTransaction::content() {
  if (transaction_.content->signs()) content_ = co_await transaction_.content->sign(std::move(content_), target_.host);
  if (content_.refusal) co_return co_await content_stopped(ContentEnd::source_failed, Error::transient(content_.refusal->text));
  const ContentResult sent = co_await send_content(channel_, *content_.data, options_.timeouts.block);
  if (sent.end != ContentEnd::sent) co_return co_await content_stopped(sent.end, sent.error);
  if (options_.dialect == Dialect::lmtp) co_return co_await take_reply_for_each();
  const Result<Reply> reply = co_await channel_.read_reply(options_.timeouts.dot);
  take_dot_reply(reply);
}

// RFC 2033 4.2: in the order of the accepted recipients. If the replies end early, the result of the rest is unknown.
Task<void> ClientTransaction::take_reply_for_each() {
  const std::vector<std::size_t> accepted = std::move(accepted_);
  Result<Reply> reply = Error::transient("no reply was read");
  for (const std::size_t recipient : accepted) {
    if (channel_.is_open()) reply = co_await channel_.read_reply(options_.timeouts.dot);
    accepted_ = {recipient};
    take_dot_reply(reply);
  }
}

Task<void> ClientTransaction::only_dot() {
  const Status sent = co_await channel_.send(".\r\n", options_.timeouts.block);
  begun_ = false;
  if (options_.dialect == Dialect::lmtp) co_return channel_.close();  // no recipient, no reply
  if (sent.ok()) (void)co_await channel_.read_reply(options_.timeouts.dot);
  if (!sent.ok()) channel_.close();
}

// RFC 5321 4.2.5: this reply decides. Without it the result is unknown: the message stays here, at the risk of a duplicate.
void ClientTransaction::take_dot_reply(const Result<Reply>& reply) {
  begun_ = false;
  if (reply.ok() && !reply->is_intermediate()) {
    decide_accepted(*reply, Stage::content);
  } else if (reply.ok()) {
    maybe_delivered(reporter().out_of_step(Stage::content, *reply));
  } else {
    maybe_delivered(reporter().lost(Stage::content, reply.error(), "waiting for the reply to the message"));
  }
}

// The connection ended without a dot, so nothing is delivered; or with a dot whose result is unknown. If a host refused before it closed,
// its reply counts.
Task<void> ClientTransaction::content_stopped(ContentEnd end, Error error) {
  Result<Reply> reply = Error(error);
  if (end != ContentEnd::source_failed) reply = co_await channel_.read_last_words(options_.timeouts.quit);
  channel_.close();
  if (end == ContentEnd::source_failed) {
    decide_all(Outcome::deferred, reporter().found(Stage::local, {4, 3, 0}, error.message));
  } else if (reply.ok() && (reply->is_transient() || reply->is_permanent())) {
    decide_accepted(*reply, Stage::content);
  } else if (end == ContentEnd::lost_after_dot) {
    maybe_delivered(reporter().lost(Stage::content, error, "sending the end of the message"));
  } else if (reply.ok()) {
    give_up_host(reporter().out_of_step(Stage::content, *reply));
  } else {
    give_up_host(reporter().lost(Stage::content, reply.error(), "sending the message"));
  }
}

void ClientTransaction::decide(std::size_t recipient, Outcome outcome, const proto::HostResult& why) {
  keep(recipient, outcome, why);
  result_.last = why;
}

void ClientTransaction::keep(std::size_t recipient, Outcome outcome, const proto::HostResult& why) {
  proto::RecipientResult& result = result_.recipients[recipient];
  result.outcome = outcome;
  result.last = why;
  shorten(result.last, transaction_.most_words);
}

void ClientTransaction::decide_all(Outcome outcome, const proto::HostResult& why) {
  for (std::size_t i = 0; i < result_.recipients.size(); ++i) {
    if (result_.recipients[i].outcome == Outcome::untried) decide(i, outcome, why);
  }
}

// A reply to DATA or to the content counts for all accepted recipients.
void ClientTransaction::decide_accepted(const Reply& reply, Stage stage) {
  proto::HostResult why = reporter().replied(stage, reply);
  const bool before_dot = begun_;
  if (reply.code == kClosing) channel_.close();
  if (reply.code == kClosing || (before_dot && is_system_failure(reply))) return give_up_host(why);
  const Outcome outcome = reply.is_positive() ? Outcome::delivered : outcome_of(reply);
  for (const std::size_t recipient : accepted_) keep(recipient, outcome, why);
  if (!accepted_.empty()) result_.last = std::move(why);
}

void ClientTransaction::maybe_delivered(proto::HostResult why) {
  channel_.close();
  why.maybe_delivered = true;
  for (const std::size_t recipient : accepted_) decide(recipient, Outcome::deferred, why);
}

// The replies so far may belong to other commands. Nothing was delivered yet, so no recipient fails by them.
void ClientTransaction::lose_step(Stage stage, const Reply& reply) {
  for (proto::RecipientResult& recipient : result_.recipients) recipient.outcome = Outcome::untried;
  result_.lost_step = true;
  give_up_host(reporter().out_of_step(stage, reply));
  channel_.close();
}

// Recipients without a verdict may be accepted by another host.
void ClientTransaction::give_up_host(const proto::HostResult& why) {
  result_.host_failure = true;
  stopped_ = true;
  accepted_.clear();
  decide_all(Outcome::untried, why);
  result_.last = why;
}

}  // namespace mxpress::mta::smtp
