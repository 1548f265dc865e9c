// Takes messages in: limits, completed header, Received, aliases, and the promise to keep them.
//
// Every entrance puts Received in front, and for local submitters (sendmail's socket, drop folder, SMTP from loopback; RFC 6409 8) Date,
// From and Message-ID where they are missing; addresses without domain in their header get ours. Every entrance takes out Return-Path (RFC
// 5321 4.4) and Bcc, which nobody else shall see (RFC 5322 3.6.3), and puts an empty line behind a header that has none. Everything else
// stays byte for byte. A header over proto::kMaxHeader is refused.
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

// What all entrances share; it outlives every session.
struct Context {
  CurrentConfig& config;
  queue::MessageStore& spool;
  events::Hub& events;
  // Takes a message that is durable in the spool on to its delivery. Any thread.
  std::function<void(queue::QueueId, const proto::Envelope&)> admit;
  RateGuard* guard = nullptr;           // null: nobody is counted
  system::UserLookup* users = nullptr;  // null: every name is that of a user of this host
  std::unique_ptr<fairness::FairBudget> transactions = std::make_unique<fairness::FairBudget>(kTransactions);
};

// Whether the header is completed: our own users' mail, or mail that passes through.
enum class Completion { complete, only_trace };

// How one client is served.
struct Entrance {
  proto::Submitter submitter;  // entrance, credentials and claims, client address, and whose shares
  Completion completion = Completion::complete;
  smtp::Greeting greeting = smtp::Greeting::helo;
  std::string drop_name;  // NewMessage::drop_name

  fairness::Owner owner() const { return submitter.share_owner(); }
};

// The limits and names of a session by the configuration in force. Completion::complete, which is for programs on this host, takes
// addresses without a domain and without angle brackets, too.
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
  // The next message is taken in and returned to its sender. Of a drop file only.
  void return_next(smtp::ServerReply why) {
    if (!objection_) objection_ = std::move(why);
  }

 private:
  void log_left_out(const proto::Recipient& recipient) const;

  Context& context_;
  Entrance entrance_;
  smtp::Refusal objection_;
  proto::ReversePath sender_;  // of the transaction, for the log
  TransactionRoom room_;       // until the message has it
  const std::unique_ptr<LocalRecipients> local_;
};

}  // namespace mxpress::mta::intake
