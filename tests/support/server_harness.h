// A server session over a pipe in memory, with a sink that records everything.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mta/smtp/server_session.h"
#include "tests/support/server_peer.h"
#include "tests/support/virtual_time.h"

namespace mxpress::testing {

struct ReceivedMail {
  proto::Envelope envelope;
  std::string content;
};

class NotingSink final : public mta::smtp::MailSink {
 public:
  mta::smtp::Refusal refuse_begin, refuse_recipient, refuse_open, refuse_append;
  mta::smtp::ServerReply verdict{250, proto::EnhancedStatus{2, 0, 0}, "Ok: queued as TEST"};
  std::string name;
  std::vector<ReceivedMail> mails;
  std::size_t opened = 0;
  std::vector<std::string> refusals;

  void hello(std::string said, mta::smtp::Greeting) override { name = std::move(said); }
  mta::smtp::Refusal begin(const proto::ReversePath&, std::uint64_t) override { return refuse_begin; }
  mta::smtp::Refusal recipient(const proto::Recipient&) override { return refuse_recipient; }
  std::variant<std::unique_ptr<mta::smtp::IncomingMessage>, mta::smtp::ServerReply> open(proto::Envelope envelope) override;
  void refused(std::string_view what, const mta::smtp::ServerReply& reply) override {
    refusals.push_back(std::string(what) + ": " + reply.to_string());
  }
};

class ServerHarness {
 public:
  explicit ServerHarness(mta::smtp::ServerOptions options = standard_options());
  static mta::smtp::ServerOptions standard_options();

  // Sends the octets, runs the session, and returns its output.
  std::string send(std::string_view bytes);
  std::string wait(Duration duration);
  bool ended() const { return ended_; }

  VirtualTime time;
  asio::io_context io;
  std::shared_ptr<PeerPipe> pipe;
  NotingSink sink;
  std::unique_ptr<mta::smtp::ServerSession> session;
  std::string greeting;

 private:
  std::string take_output();
  bool ended_ = false;
};

}  // namespace mxpress::testing
