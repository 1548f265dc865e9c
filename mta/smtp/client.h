// The client side of SMTP: a session with one mail host, and the transactions on it. RFC 5321 3, 4. Knows neither delivery nor queue.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mta/config/timeouts.h"
#include "mta/net/stream.h"
#include "proto/envelope.h"
#include "proto/outcome.h"

namespace mxpress::proto {
struct DialogueLine;
struct Extensions;
}  // namespace mxpress::proto
namespace mxpress::mta::auth {
struct Login;
}
namespace mxpress::mta::content {
class Pipeline;
}

namespace mxpress::mta::smtp {

// never: for a host whose replies lost step with pipelined commands.
enum class Pipelining { where_offered, never };

enum class Dialect {
  smtp,
  lmtp  // RFC 2033: LHLO, and after the dot a reply for each accepted recipient
};

struct ClientOptions {
  std::string hello_name;  // fully qualified, RFC 5321 4.1.4
  Timeouts timeouts;
  net::TlsPolicy tls;
  net::TlsOffer offer = net::TlsOffer::usual;  // first_offer() of the policy, then next_offer()
  std::size_t max_recipients = 100;            // of one transaction
  Pipelining pipelining = Pipelining::where_offered;
  Dialect dialect = Dialect::smtp;
  bool implicit_tls = false;                   // TLS before the greeting (RFC 8314 3); needs a policy that does not allow clear text
  std::optional<dns::Address> source{};        // local address; nullopt: the system chooses
  std::shared_ptr<const auth::Login> login{};  // AUTH with it before the first transaction (RFC 4954); null: none
  bool require_tls = false;  // only a host that offers REQUIRETLS, behind a certificate that the policy demands (RFC 8689)
  bool is_by_route = false;  // the configuration names the host: if it requires a login, no recipient is at fault
  std::function<void(const proto::DialogueLine&)> listener{};  // hears the session from its beginning; null: nobody
};

// envelope: MAIL and RCPT alone; call reset() behind it. A recipient that the host accepts is untried, with the reply to RCPT.
enum class Extent { whole, envelope };

// One copy of one message for some recipients of one destination.
struct Transaction {
  const proto::Envelope* envelope = nullptr;  // reverse-path, ret, envid, body type; outlives the transaction
  std::vector<std::uint32_t> recipients;      // indices into envelope->recipients
  content::Pipeline* content = nullptr;       // of that message; outlives the transaction
  // The host accepted a recipient of this message in an earlier transaction: 452 or 552 to the first RCPT also means "too many".
  bool is_continuation = false;
  std::size_t most_words = SIZE_MAX;  // octets to keep of the reply for each recipient
  Extent extent = Extent::whole;
  // Asked after 354. False: the connection is closed, and accepted recipients stay untried without host_failure. Null: it may.
  std::function<bool()> may_send_content{};
};

struct TransactionResult {
  std::vector<proto::RecipientResult> recipients;  // same order as Transaction::recipients
  // The host itself failed (421, 4.3.x, connection lost before the dot): recipients are untried, try the next target.
  bool host_failure = false;
  // The replies did not match the commands, so none of them counts for a recipient: all are untried. Implies host_failure.
  bool lost_step = false;
  // 530 to MAIL by a host that offers STARTTLS, which was not used (RFC 3207 4): open again with TLS. Implies host_failure; if TLS is
  // active or not offered, such a reply has failed the recipients instead.
  bool tls_required = false;
  // A header line of over 998 octets had no space to fold it at, and was sent in pieces. Its value has additional blanks.
  bool header_broken = false;
  proto::HostResult last;      // the reply that decided, or the failure
  bool dsn_passed_on = false;  // DSN parameters went to a host that offered DSN: it is responsible for SUCCESS (RFC 3461 5.2.1)
};

// A session after EHLO (and STARTTLS). Thread: of its executor.
class ClientSession {
 public:
  struct Opened {
    std::unique_ptr<ClientSession> session;  // null: the host failed, see `failure`
    proto::HostResult failure;
    // If not none: open again with the next offer, if there is one, and remember it for the host (RFC 7435).
    net::HandshakeFailure handshake = net::HandshakeFailure::none;
    net::TlsResult tls;              // `reached` is of a session
    bool lacks_require_tls = false;  // it is no host for mail with REQUIRETLS, and did not fail
    Duration connect{0};
    std::string local_address{};  // of the connection; empty: there was none
    std::string host_name{};      // by which the host calls itself in its reply to EHLO or HELO; empty: there was none
    // What was said, if there was a connection and is no session; else null. Shared because the type is incomplete here.
    std::shared_ptr<const std::vector<proto::DialogueLine>> dialogue{};
  };
  // Connects, reads the greeting, sends EHLO (else HELO), STARTTLS and EHLO again as options say. Never throws because of the peer.
  static Task<Opened> open(net::Connector& connector, dns::Target target, ClientOptions options);

  ClientSession(std::unique_ptr<net::Stream> stream, dns::Target target, ClientOptions options);
  ~ClientSession();

  // Transactions that follow are about another message: dialogue() forgets the one before.
  void begin_message();
  // The listener hears what is recorded, and what follows. Null: nobody does any more.
  void listen(std::function<void(const proto::DialogueLine&)> listener);
  // The opening, and the transactions of the current message.
  std::vector<proto::DialogueLine> dialogue() const;

  // MAIL, RCPT, DATA, content, dot as one or more groups (PIPELINING, RFC 2920). Recipients refused with "too many" (452, 552 after an
  // accepted one) stay untried without host_failure: call again with them (RFC 5321 4.5.3.1.10).
  Task<TransactionResult> transact(Transaction transaction);
  // RSET, if a transaction was begun and not ended. False: the replies do not match the commands, so those before count for nobody either;
  // the connection is closed. A host that is in step answers with one 2xx (RFC 5321 4.1.1.5); one that closes may be.
  Task<bool> reset();
  // True if there was no failure, and no unrequested reply was read.
  bool in_step() const;
  // True if it is in step, and the host has not closed or sent anything (421) meanwhile, which needs a system call: it can be used again.
  bool usable() const;
  std::uint32_t transactions() const;
  // Sends QUIT and waits briefly for 221; its outcome does not matter.
  Task<void> quit();

  const dns::Target& target() const;
  const proto::Extensions& extensions() const;
  const net::TlsState& tls() const;
  const net::TlsPolicy& tls_policy() const;
  const auth::Login* login() const;  // that it has signed in with; null: none

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mxpress::mta::smtp
