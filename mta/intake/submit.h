// Takes messages in: limits, header completion, Received, aliases, and durable storage.
//
// Every entrance adds Received in front, and for local submitters (sendmail's socket, drop folder, SMTP from loopback; RFC 6409 8) missing
// Date, From and Message-ID; addresses without domain in their header get ours. Every entrance removes Return-Path (RFC 5321 4.4) and Bcc,
// which must not be disclosed (RFC 5322 3.6.3), and adds an empty line behind a header that has none. Everything else stays byte for byte.
// A header over proto::kMaxHeader is refused.
#pragma once

#include <functional>
#include <memory>

#include "mta/fairness/fair_budget.h"
#include "mta/fairness/owner.h"
#include "mta/intake/transaction_room.h"
#include "mta/smtp/server.h"
#include "proto/envelope.h"
#include "proto/queue_id.h"
#include "proto/result.h"

namespace mxpress::queue {
class MessageStore;
using proto::QueueId;
}  // namespace mxpress::queue

namespace mxpress::mta {
struct Config;
class CurrentConfig;
namespace system {
class UserLookup;
}
namespace events {
class Hub;
}
namespace smtp {
struct ServerOptions;
}
}  // namespace mxpress::mta

namespace mxpress::mta::intake {

class RateGuard;
class LocalRecipients;

// Data shared by all entrances; must outlive every session.
struct Context {
  CurrentConfig& config;
  queue::MessageStore& spool;
  events::Hub& events;
  // Gives a message that is durable in the spool to delivery. Any thread.
  std::function<void(queue::QueueId, const proto::Envelope&)> admit;
  RateGuard* guard = nullptr;           // null: nothing is counted
  system::UserLookup* users = nullptr;  // null: every name is a user of this host
  std::unique_ptr<fairness::FairBudget> transactions = std::make_unique<fairness::FairBudget>(kTransactions);
};

// complete: for mail of our own users. only_trace: for mail that passes through.
enum class Completion { complete, only_trace };

// The settings for one client.
struct Entrance {
  proto::Submitter submitter;  // entrance, credentials and claims, client address, and the owner of its shares
  Completion completion = Completion::complete;
  smtp::Greeting greeting = smtp::Greeting::helo;
  std::string drop_name;  // NewMessage::drop_name

  fairness::Owner owner() const { return submitter.share_owner(); }
};

// The limits and names of a session by the current configuration. Completion::complete, for programs on this host, also accepts addresses
// without a domain and without angle brackets.
Result<smtp::ServerOptions> server_options(const Config& config, Completion completion);

// The sink of one session.
class Submission : public smtp::MailSink {
 public:
  Submission(Context& context, Entrance entrance);
  ~Submission() override;
  Submission(const Submission&) = delete;
  Submission& operator=(const Submission&) = delete;

  void hello(std::string name, smtp::Greeting greeting) override;
  smtp::Refusal begin(const proto::ReversePath& sender, std::uint64_t declared_size) override;
  std::optional<Task<void>> prepare(const proto::Recipient& recipient) override;
  smtp::Refusal recipient(const proto::Recipient& recipient) override;
  std::variant<std::unique_ptr<smtp::IncomingMessage>, smtp::ServerReply> open(proto::Envelope envelope) override;
  void refused(std::string_view what, const smtp::ServerReply& reply) override;
  // The next message is accepted and returned to its sender. Only for a drop file.
  void return_next(smtp::ServerReply why) {
    if (!objection_) objection_ = std::move(why);
  }

 private:
  void log_left_out(const proto::Recipient& recipient) const;

  Context& context_;
  Entrance entrance_;
  smtp::Refusal objection_;
  proto::ReversePath sender_;  // of the transaction, for the log
  TransactionRoom room_;       // until it passes to the message
  const std::unique_ptr<LocalRecipients> local_;
};

}  // namespace mxpress::mta::intake
