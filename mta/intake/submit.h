// Takes messages in: limits, completed header, Received, aliases, and the promise to keep them.
//
// Every entrance puts Received in front, and for local submitters (sendmail's socket, drop folder, SMTP from loopback; RFC 6409 8) Date,
// From and Message-ID where they are missing; addresses without domain in their header get ours. Every entrance takes out Return-Path (RFC
// 5321 4.4) and Bcc, which nobody else shall see (RFC 5322 3.6.3), and puts an empty line behind a header that has none. Everything else
// stays byte for byte. A header over proto::kMaxHeader is refused.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "mta/host/config.h"
#include "mta/smtp/server.h"
#include "mta/smtp/server_session.h"
#include "proto/envelope.h"
#include "proto/outcome.h"
#include "queue/spool.h"

namespace mxpress::mta::intake {

// What the envelopes of all open transactions take together: a client that stays in a transaction must not cost memory without end.
class EnvelopeRoom {
 public:
  static constexpr std::size_t kMax = 64u << 20;  // octets

  bool take(std::size_t octets) {
    if (taken_.fetch_add(octets) + octets <= kMax) return true;
    taken_ -= octets;
    return false;
  }
  void give_back(std::size_t octets) { taken_ -= octets; }

 private:
  std::atomic<std::size_t> taken_{0};
};

// What all entrances share; it outlives every session.
struct Context {
  CurrentConfig& config;
  queue::Spool& spool;
  // Takes a message that is durable in the spool on to its delivery. Any thread.
  std::function<void(queue::QueueId, const proto::Envelope&)> admit;
  // Returns a message that is durable in the spool to its sender, because of this. Any thread that may block.
  std::function<void(queue::QueueId, const proto::HostResult&)> give_back;
  std::unique_ptr<EnvelopeRoom> envelopes = std::make_unique<EnvelopeRoom>();
};

// Whether the header is completed: our own users' mail, or mail that passes through.
enum class Completion { complete, only_trace };

// How one client is served.
struct Entrance {
  proto::Submitter submitter;  // entrance, credentials and claims, client address
  Completion completion = Completion::complete;
  smtp::Greeting greeting = smtp::Greeting::helo;
  std::string drop_name;  // NewMessage::drop_name
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
  smtp::Refusal recipient(const proto::Recipient& recipient) override;
  std::variant<std::unique_ptr<smtp::IncomingMessage>, smtp::ServerReply> open(proto::Envelope envelope) override;
  void refused(std::string_view what, const smtp::ServerReply& reply) override;

 private:
  Context& context_;
  Entrance entrance_;
  std::string sender_;          // of the transaction, for the log
  std::size_t recipients_ = 0;  // of the transaction
  std::size_t taken_ = 0;       // of context_.envelopes
};

}  // namespace mxpress::mta::intake
