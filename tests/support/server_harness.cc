// Drives a server session in memory.
#include "tests/support/server_harness.h"

#include <boost/asio/co_spawn.hpp>

namespace mxpress::testing {
namespace {

struct NotingMessage final : mta::smtp::IncomingMessage {
  NotingMessage(NotingSink& owner, proto::Envelope opened) : sink(owner), mail{std::move(opened), {}} {}
  mta::smtp::Refusal append(std::string_view content) override {
    if (sink.refuse_append) return sink.refuse_append;
    mail.content.append(content);
    return std::nullopt;
  }
  Task<mta::smtp::ServerReply> finish() override {
    if (sink.verdict.is_positive()) sink.mails.push_back(std::move(mail));
    co_return sink.verdict;
  }
  NotingSink& sink;
  ReceivedMail mail;
};

}  // namespace

std::variant<std::unique_ptr<mta::smtp::IncomingMessage>, mta::smtp::ServerReply> NotingSink::open(proto::Envelope envelope) {
  ++opened;
  if (refuse_open) return *refuse_open;
  return std::make_unique<NotingMessage>(*this, std::move(envelope));
}

mta::smtp::ServerOptions ServerHarness::standard_options() {
  return {.hostname = "mx.example", .addresses = {proto::Domain::parse("mx.example").value(), proto::AddressForm::smtp}};
}

ServerHarness::ServerHarness(mta::smtp::ServerOptions options) : pipe(std::make_shared<PeerPipe>(io)) {
  auto profile = std::make_shared<const mta::smtp::ServerProfile>(std::move(options));
  session = std::make_unique<mta::smtp::ServerSession>(make_peer_stream(pipe), sink, std::move(profile));
  asio::co_spawn(io.get_executor(), session->run(), [this](std::exception_ptr exception) {
    ended_ = true;
    if (exception) std::rethrow_exception(exception);
  });
  greeting = wait(Duration(0));
}

std::string ServerHarness::send(std::string_view bytes) {
  pipe->give(bytes);
  return wait(Duration(0));
}

std::string ServerHarness::wait(Duration duration) {
  time.run_for(io, duration);
  return take_output();
}

std::string ServerHarness::take_output() {
  std::string output;
  output.swap(pipe->output);
  return output;
}

}  // namespace mxpress::testing
