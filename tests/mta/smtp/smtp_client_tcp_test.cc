// The client side of SMTP over real sockets and real TLS, on loopback.
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <catch2/catch.hpp>

#include "mta/content/data_source.h"
#include "mta/content/pipeline.h"
#include "mta/net/connector.h"
#include "mta/net/stream_socket.h"
#include "mta/smtp/client.h"
#include "tests/support/mail_host.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using namespace mta::net;
using namespace mta::smtp;
using asio::ip::tcp;

class Text final : public mta::content::DataSource {
 public:
  explicit Text(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  Task<Result<std::size_t>> read(std::uint64_t offset, char* buffer, std::size_t size) override {
    co_return text_.copy(buffer, size, offset);
  }

 private:
  std::string text_;
};

// The whole life of one session, as delivery leads it.
struct Conversation {
  ClientSession::Opened opened;
  TransactionResult result;
  bool usable = false;
  TlsState tls;
  bool done = false;
};

struct Mail {
  proto::Envelope envelope;
  Text data;
  ClientOptions options;

  explicit Mail(std::string content = "Subject: hi\r\n\r\nhello\r\n") : data(std::move(content)) {
    envelope.reverse_path = proto::ReversePath(proto::Mailbox::parse("sender@here.example").value());
    envelope.recipients.push_back({proto::Mailbox::parse("user@there.example").value(), {}, {}});
    options.hello_name = "client.example";
  }
};

Task<void> converse(Mail& mail, dns::Target target, Conversation& conversation) {
  TcpConnector connector(co_await asio::this_coro::executor);
  conversation.opened = co_await ClientSession::open(connector, target, mail.options);
  if (conversation.opened.session) {
    ClientSession& session = *conversation.opened.session;
    mta::content::Pipeline content(mail.data, mail.envelope);
    Transaction transaction{&mail.envelope, {0}, &content};
    conversation.result = co_await session.transact(std::move(transaction));
    conversation.usable = session.usable();
    conversation.tls = session.tls();
    co_await session.quit();
  }
  conversation.done = true;
}

Conversation run(asio::io_context& io, Mail& mail, const dns::Target& target) {
  Conversation conversation;
  io.restart();
  asio::co_spawn(io, converse(mail, target, conversation), asio::detached);
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!conversation.done && std::chrono::steady_clock::now() < end) io.run_one_for(1s);
  REQUIRE(conversation.done);
  return conversation;
}

proto::Outcome outcome_of(const Conversation& conversation) {
  REQUIRE(conversation.result.recipients.size() == 1);
  return conversation.result.recipients[0].outcome;
}

std::string megabytes(std::size_t count) {
  std::string content;
  while (content.size() < count << 20) content += std::string(998, 'x') + "\r\n";
  return content;
}

MailHostBehaviour with_tls(HostTls tls) {
  MailHostBehaviour behaviour;
  behaviour.tls = tls;
  return behaviour;
}

TEST_CASE("client over TCP: a message of a megabyte arrives byte for byte") {
  asio::io_context io;
  TcpMailHost host(io.get_executor());
  std::string content = "Subject: hi\r\n\r\n";
  for (int i = 0; i < 20'000; ++i) content += (i % 7 == 0 ? "." : "") + std::string(i % 90, 'x') + "\r\n";
  Mail mail(content);
  const Conversation conversation = run(io, mail, host.target());
  CHECK(outcome_of(conversation) == proto::Outcome::delivered);
  CHECK(conversation.usable);
  REQUIRE(host.host().messages().size() == 1);
  CHECK(host.host().messages()[0].content == content);
  CHECK(host.host().messages()[0].mail == "MAIL FROM:<sender@here.example> SIZE=" + std::to_string(content.size()));
  CHECK(host.host().commands().back() == "QUIT");
}

TEST_CASE("client over TCP: a closed port refuses the connection") {
  asio::io_context io;
  dns::Target target;
  {
    const TcpMailHost host(io.get_executor());
    target = host.target();
  }
  io.poll();
  Mail mail;
  const Conversation conversation = run(io, mail, target);
  CHECK(conversation.opened.session == nullptr);
  CHECK(conversation.opened.failure.stage == proto::Stage::connect);
  CHECK(conversation.opened.failure.text == "connection refused");
  CHECK(conversation.opened.failure.status.to_string() == "4.4.1");
  CHECK(conversation.opened.failure.address == target.address_text());
}

TEST_CASE("client over TCP: it connects from the source address that it is given; without such an address of this host it says so") {
  asio::io_context io;
  TcpMailHost host(io.get_executor());
  Mail mail;
  mail.options.source = dns::Address::parse("127.0.0.2").value();
  CHECK(outcome_of(run(io, mail, host.target())) == proto::Outcome::delivered);
  for (const char* address : {"192.0.2.77", "2001:db8::77"}) {
    Mail other;
    other.options.source = dns::Address::parse(address).value();
    const Conversation conversation = run(io, other, host.target());
    CHECK(conversation.opened.session == nullptr);
    CHECK(conversation.opened.failure.status.klass == 4);
    CHECK(conversation.opened.failure.text ==
          "this host has no address " + std::string(address) + ", which the route says to connect from");
  }
}

TEST_CASE("client over TCP: a connect that does not end is given up at its deadline") {
  asio::io_context io;
  using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;
  // A full backlog of a listener that never accepts: further connects wait.
  Acceptor acceptor(io.get_executor(), tcp::endpoint(tcp::v4(), 0).protocol());
  acceptor.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  acceptor.listen(0);
  TcpSocket first(io.get_executor());
  first.connect(acceptor.local_endpoint());
  const dns::Target target{"mx.there.example", dns::Address{false, {127, 0, 0, 1}}, acceptor.local_endpoint().port(), false};
  Mail mail;
  mail.options.timeouts.connect = 300ms;
  const Conversation conversation = run(io, mail, target);
  CHECK(conversation.opened.session == nullptr);
  CHECK(conversation.opened.failure.text == "connection timed out after 1 s");
}

TEST_CASE("client over TCP: a host that stops reading is left at the deadline of a block") {
  asio::io_context io;
  MailHostBehaviour behaviour;
  behaviour.stages["DATA"] = AtStage{"354 go", Fault::deaf_after, Duration(0), -1};
  behaviour.extensions.clear();
  TcpMailHost host(io.get_executor(), behaviour);
  Mail mail(megabytes(40));
  mail.options.timeouts.block = 300ms;
  mail.options.timeouts.quit = 100ms;
  const Conversation conversation = run(io, mail, host.target());
  CHECK(outcome_of(conversation) == proto::Outcome::untried);
  CHECK(conversation.result.host_failure);
  CHECK(conversation.result.last.text == "timed out while sending the message");
}

TEST_CASE("client over TCP: a refusal in the middle of the content is heard although the host resets the connection") {
  asio::io_context io;
  MailHostBehaviour behaviour;
  behaviour.extensions.clear();
  behaviour.refuses_content_at = 300'000;
  TcpMailHost host(io.get_executor(), behaviour);
  Mail mail(megabytes(40));
  const Conversation conversation = run(io, mail, host.target());
  CHECK(outcome_of(conversation) == proto::Outcome::failed);
  CHECK(conversation.result.last.text == "552 5.3.4 too big");
  CHECK_FALSE(conversation.usable);
  CHECK(host.host().messages().empty());
}

TEST_CASE("client over TCP: a session that the host closes afterwards is not usable") {
  asio::io_context io;
  MailHostBehaviour behaviour;
  behaviour.stages["."].reply = "250 taken\r\n421 4.4.2 idle";
  TcpMailHost host(io.get_executor(), behaviour);
  Mail mail;
  const Conversation conversation = run(io, mail, host.target());
  CHECK(outcome_of(conversation) == proto::Outcome::delivered);
  CHECK_FALSE(conversation.usable);
}

TEST_CASE("client over TLS: any certificate will do, and the log says that it is not verified") {
  asio::io_context io;
  TcpMailHost host(io.get_executor(), with_tls(HostTls::works));
  Mail mail;
  const Conversation conversation = run(io, mail, host.target());
  CHECK(outcome_of(conversation) == proto::Outcome::delivered);
  REQUIRE(host.host().messages().size() == 1);
  CHECK(host.host().messages()[0].tls);
  CHECK(conversation.tls.active());
  CHECK(conversation.tls.level == mta::net::TlsLevel::encrypted);
  CHECK(conversation.tls.description == "TLSv1.3/TLS_AES_256_GCM_SHA384 (unverified)");
  CHECK(conversation.result.last.tls == conversation.tls.description);
  CHECK(conversation.usable);
}

TEST_CASE("client over TLS: the handshake carries the name of the mail host, but no address") {
  asio::io_context io;
  TcpMailHost host(io.get_executor(), with_tls(HostTls::works));
  Mail mail;
  (void)run(io, mail, host.target("mx2.there.example"));
  CHECK(host.server_name() == "mx2.there.example");
  const Conversation conversation = run(io, mail, host.target("127.0.0.1"));
  CHECK(host.server_name().empty());
  CHECK(conversation.tls.active());
  const Conversation literal = run(io, mail, host.target("[127.0.0.1]"));
  CHECK(host.server_name().empty());
  CHECK(literal.tls.active());
}

TEST_CASE("client over TLS: a large message arrives byte for byte") {
  asio::io_context io;
  TcpMailHost host(io.get_executor(), with_tls(HostTls::works));
  std::string content;
  for (int i = 0; i < 20'000; ++i) content += std::string(i % 90, 'x') + "\r\n";
  Mail mail(content);
  CHECK(outcome_of(run(io, mail, host.target())) == proto::Outcome::delivered);
  REQUIRE(host.host().messages().size() == 1);
  CHECK(host.host().messages()[0].content == content);
}

TEST_CASE("client over TLS: what breaks or hangs in the handshake is a failure of TLS, and clear text works afresh") {
  const HostTls tls = GENERATE(HostTls::garbage, HostTls::injects, HostTls::injects_late, HostTls::too_old, HostTls::hangs);
  asio::io_context io;
  TcpMailHost host(io.get_executor(), with_tls(tls));
  Mail mail;
  mail.options.timeouts.tls = 300ms;
  const Conversation first = run(io, mail, host.target());
  CHECK(first.opened.session == nullptr);
  CHECK(first.opened.handshake == (tls == HostTls::hangs ? HandshakeFailure::silent : HandshakeFailure::other));
  CHECK(first.opened.failure.stage == proto::Stage::tls);
  CHECK(first.opened.failure.status.to_string() == "4.7.5");
  mail.options.tls = mta::net::TlsPolicy::none();
  CHECK(outcome_of(run(io, mail, host.target())) == proto::Outcome::delivered);
  CHECK_FALSE(host.host().messages().at(0).tls);
}

TEST_CASE("stream: a unix socket carries octets both ways, and its end reads as 0") {
  asio::io_context io;
  UnixSocket one(io.get_executor());
  UnixSocket two(io.get_executor());
  asio::local::connect_pair(one, two);
  const auto near = make_unix_stream(std::move(one));
  const auto far = make_unix_stream(std::move(two));
  std::string received;
  bool ended = false;
  const auto read_all = [&]() -> Task<void> {
    std::array<char, 16> buffer;
    while (true) {
      const auto count = co_await far->read_some(buffer.data(), buffer.size());
      if (!count.ok() || *count == 0) break;
      received.append(buffer.data(), *count);
    }
    ended = true;
  };
  const auto write_all = [&]() -> Task<void> {
    CHECK_FALSE(far->has_input());
    CHECK((co_await near->write("one two three four five")).ok());
    CHECK(far->has_input());
    near->close();
  };
  asio::co_spawn(io, write_all, asio::detached);
  io.run_one_for(1s);
  asio::co_spawn(io, read_all, asio::detached);
  while (!ended && io.run_one_for(5s) > 0) continue;
  CHECK(ended);
  CHECK(received == "one two three four five");
}

}  // namespace
}  // namespace mxpress::testing
