// Mail for commands of aliases, with a program in place of mxpress-runner.
#include "mta/transport/command_transport.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>

#include "mta/config/config.h"
#include "mta/runner/alias_request.h"
#include "mta/system/descriptor.h"
#include "mta/transport/each_recipient.h"
#include "proto/command_recipient.h"
#include "tests/support/fake_control.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::mta::transport;
using mta::runner::AliasReply;
using mta::system::Descriptor;

namespace {

// Takes one request on a thread of its own, and defers it.
class Runner {
 public:
  Runner() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    listener_ = Descriptor(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_.get(), 1) == 0);
    thread_ = std::thread([this] { take_one(); });
  }
  ~Runner() { end(); }
  void end() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    listener_ = Descriptor();
  }

  test::TempFolder folder;
  const std::string path = (folder.path() / "commands.sock").string();
  std::optional<mta::runner::AliasRequest> request;  // after end()

 private:
  void take_one() {
    const Descriptor socket(::accept(listener_.get(), nullptr, nullptr));
    std::array<char, mta::runner::kMaxAliasRequest> text;
    const ssize_t got = socket.is_open() ? ::recv(socket.get(), text.data(), text.size(), 0) : -1;
    if (got > 0) request = mta::runner::parse_alias_request({text.data(), static_cast<std::size_t>(got)});
    const std::string reply = mta::runner::format_alias_reply({AliasReply::Kind::deferred, 0, "ended with status 75"});
    (void)!::send(socket.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
  }

  Descriptor listener_;
  std::thread thread_;
};

AttemptReport deliver(Runner& runner, const std::string& original) {
  auto parsed = mta::parse_config(
      "hostname = \"mta.here.example\"\n[local]\nalias_file = \"\"\nallow_commands = true\ncommand_socket = \"" + runner.path + "\"\n",
      "x.toml");
  REQUIRE(parsed);
  auto message = std::make_shared<queue::Message>();
  message->id = {77};
  message->envelope.reverse_path = proto::ReversePath(proto::Mailbox::parse("me@there.example").value());
  message->envelope.recipients = {{proto::command_recipient({"list", 1}), {}, original}};
  message->recipients.resize(1);
  message->content = std::make_shared<testing::TextContent>("Subject: hi\r\n\r\nhello\r\n");
  Order order;
  order.message = message;
  order.recipients = {0};
  order.config = std::make_shared<mta::Config>(std::move(*parsed));
  order.wanted = [] { return true; };
  CommandTransport transport(nullptr, 1);
  asio::io_context io;
  std::optional<AttemptReport> report;
  asio::co_spawn(io, transport.deliver(order), [&](std::exception_ptr error, AttemptReport got) {
    CHECK_FALSE(error);
    report = std::move(got);
  });
  io.run();
  runner.end();
  REQUIRE(report);
  return std::move(*report);
}

std::string recipient_for(const std::string& original) {
  Runner runner;
  (void)deliver(runner, original);
  REQUIRE(runner.request);
  return runner.request->recipient;
}

}  // namespace

TEST_CASE("command transport: the recipient that a command sees is an address of this host, whatever ORCPT says") {
  CHECK(recipient_for("rfc822;list+20@mta.here.example") == "list@mta.here.example");
  CHECK(recipient_for("rfc822;list+2Btag@mta.here.example") == "list+tag@mta.here.example");
  CHECK(recipient_for("rfc822;x@there.example") == "list@mta.here.example");
  CHECK(recipient_for("rfc822;--config=/tmp/x") == "list@mta.here.example");
  CHECK(recipient_for("rfc822;+3Brm+20-rf+20/@mta.here.example") == "list@mta.here.example");
  CHECK(recipient_for("") == "list@mta.here.example");
}

TEST_CASE("command transport: a command that defers a message defers that message, a runner that does not answer all of them") {
  Runner runner;
  const AttemptReport by_command = deliver(runner, "");
  CHECK(by_command.site_failed);
  CHECK(by_command.after_mail == proto::Stage::content);
  const AttemptReport by_runner = deliver(runner, "");
  CHECK(by_runner.site_failed);
  CHECK_FALSE(by_runner.after_mail);
}

TEST_CASE("command transport: all workers together ask for no more commands than the runner takes") {
  const mta::Config config;
  const auto most = [&](std::size_t workers) { return CommandTransport(nullptr, workers).most_orders(config); };
  CHECK(most(1) == CommandTransport::kMostOrders);
  CHECK(most(8) == CommandTransport::kMostOrders);
  CHECK(most(9) == 3);
  CHECK(most(32) == 1);
  CHECK(most(64) == 1);
}
