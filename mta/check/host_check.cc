// One dialogue, or several down the ladder of TLS.
#include "mta/check/host_check.h"

#include <algorithm>
#include <utility>

#include "mta/auth/login.h"
#include "mta/check/watcher.h"
#include "mta/config/config.h"
#include "mta/net/tls.h"
#include "mta/smtp/client.h"
#include "mta/smtp/dialogue.h"
#include "mta/transport/host_answers.h"
#include "mta/transport/session_options.h"
#include "mta/transport/transport.h"
#include "proto/printable.h"

namespace mxpress::mta::check {
namespace {

using smtp::ClientSession;

constexpr std::chrono::seconds kMostWait{60};
constexpr std::chrono::seconds kMostOfSession{150};

std::string_view name_of(net::TlsOffer offer) {
  switch (offer) {
    case net::TlsOffer::classic:
      return "without the post-quantum group";
    case net::TlsOffer::tls12:
      return "with TLS 1.2 alone";
    case net::TlsOffer::without_dh:
      return "without DH";
    case net::TlsOffer::large_dh:
      return "with large DH groups";
    case net::TlsOffer::without_rsa:
      return "without RSA keys";
    case net::TlsOffer::relaxed:
      return "with weak keys allowed";
    case net::TlsOffer::legacy:
      return "with TLS 1.0 allowed";
    case net::TlsOffer::clear:
      return "in clear text";
    case net::TlsOffer::usual:
      break;
  }
  return "without resuming a session";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += " " + word;
  return text;
}

class HostCheck {
 public:
  HostCheck(HostQuestion question, HostFinding& finding)
      : question_(question), finding_(finding), options_(transport::session_options(question.order, finding.target)) {
    shorten_waits(options_);
    options_.listener = [this](const Line& line) { add(line.from, line.text); };
    login_ = options_.login;
    if (login_ && !login_->failure.empty()) options_.login = nullptr;
  }

  Task<void> run() {
    const BootTime start = BootClock::now();
    std::unique_ptr<ClientSession> session = co_await open();
    if (session && login_ && !options_.login) {
      stop_before_login(*session);
    } else if (session && co_await ask(*session) && options_.pipelining == smtp::Pipelining::where_offered) {
      note("its replies do not match the commands; once more, one command at a time");
      options_.pipelining = smtp::Pipelining::never;
      co_await session->quit();
      session = co_await open();
      if (session) co_await ask(*session);
    }
    if (session && session->in_step()) co_await session->quit();
    finding_.total = std::chrono::duration_cast<Duration>(BootClock::now() - start);
  }

 private:
  // RFC 7435, as SmtpTransport does it, but that nothing is remembered of the host.
  Task<std::unique_ptr<ClientSession>> open() {
    const net::TlsLadder ladder{net::has_post_quantum(), question_.order.config->delivery.legacy_tls};
    options_.offer = net::first_offer(options_.tls.kind());
    while (true) {
      ClientSession::Opened opened = co_await ClientSession::open(question_.connector, finding_.target, options_);
      take(opened);
      if (opened.session) {
        finding_.extensions = opened.session->extensions();
        co_return std::move(opened.session);
      }
      const auto next = opened.handshake == net::HandshakeFailure::none
                            ? std::nullopt
                            : net::next_offer(options_.offer, opened.handshake, options_.tls, ladder);
      if (!next) co_return nullptr;
      options_.offer = *next;
      note("once more on a new connection, " + std::string(name_of(*next)));
    }
  }

  void take(const ClientSession::Opened& opened) {
    finding_.connect = opened.connect;
    finding_.local_address = opened.local_address;
    finding_.tls = opened.tls;
    if (opened.session) return;
    finding_.end = HostEnd::failed;
    finding_.result = opened.failure;
    if (opened.failure.reply_code == 0) note_failure(opened.failure);
  }

  // True if the replies lost step with pipelined commands.
  Task<bool> ask(ClientSession& session) {
    smtp::Transaction transaction{.envelope = &question_.envelope, .recipients = {0}, .content = &question_.content};
    transaction.extent = smtp::Extent::envelope;
    const smtp::TransactionResult result = co_await session.transact(std::move(transaction));
    const proto::RecipientResult& recipient = result.recipients.front();
    finding_.result = result.host_failure ? result.last : recipient.last;
    finding_.reached_mail = true;
    finding_.end = end_of(result, recipient);
    const bool lost_step = !co_await session.reset() || result.lost_step;
    if (lost_step && finding_.end != HostEnd::failed) {
      finding_.end = HostEnd::failed;
      finding_.result = {
          proto::Stage::rcpt, finding_.target.host, finding_.target.address_text(), finding_.result.tls, {4, 5, 5}, 0, {}, false};
      finding_.result.text = "its replies do not match the commands";
    }
    if (finding_.result.reply_code == 0) note_failure(finding_.result);
    co_return lost_step;
  }

  static HostEnd end_of(const smtp::TransactionResult& result, const proto::RecipientResult& recipient) {
    if (result.host_failure) return HostEnd::failed;
    if (recipient.outcome == proto::Outcome::failed) return HostEnd::refused;
    if (recipient.outcome == proto::Outcome::deferred) return HostEnd::deferred;
    return recipient.last.reply_code / 100 == 2 ? HostEnd::accepted : HostEnd::failed;
  }

  void stop_before_login(const ClientSession& session) {
    const auto& offered = session.extensions().auth;
    finding_.end = HostEnd::no_login;
    finding_.result.stage = proto::Stage::auth;
    finding_.result.tls = session.tls().description;
    finding_.result.text = proto::printable(offered.empty() ? "it offers no AUTH" : "it offers AUTH" + joined(offered), 500);
    note("not signed in: " + login_->failure);
  }

  void note(std::string_view text) { add(proto::Speaker::note, proto::visible_utf8(text, smtp::Dialogue::kMostOfHeardLine)); }
  void note_failure(const proto::HostResult& failure) {
    note(failure.text);
    const bool is_impatient = failure.text.starts_with("timed out") && question_.order.config->timeouts.greeting > kMostWait;
    if (is_impatient) note("a delivery would wait longer for this host than this check does");
  }

  void add(proto::Speaker from, const std::string& text) {
    if (finding_.dialogue.size() > kMostLines) return;
    const bool is_full = finding_.dialogue.size() == kMostLines;
    const auto at = std::chrono::duration_cast<Duration>(BootClock::now() - question_.since);
    if (is_full)
      finding_.dialogue.push_back({proto::Speaker::note, "further lines are not shown", at});
    else
      finding_.dialogue.push_back({from, text, at});
    question_.watcher.said(finding_.dialogue.back());
  }

  HostQuestion question_;
  HostFinding& finding_;
  smtp::ClientOptions options_;
  std::shared_ptr<const auth::Login> login_;  // of the route; null: none
};

}  // namespace

void shorten_waits(smtp::ClientOptions& options) {
  Timeouts& timeouts = options.timeouts;
  for (Duration* const wait : {&timeouts.greeting, &timeouts.hello, &timeouts.tls, &timeouts.mail, &timeouts.rcpt})
    *wait = std::min<Duration>(*wait, kMostWait);
  timeouts.session = std::min<Duration>(timeouts.session, kMostOfSession);
}

Task<void> check_host(HostQuestion question, HostFinding& finding) {
  HostCheck check(question, finding);
  question.watcher.begins(finding);
  co_await check.run();
  question.watcher.ended(finding);
}

}  // namespace mxpress::mta::check
