// The server session at its limits: sizes, floods, many recipients, smuggling, idle clients.
#include "mta/smtp/server_session.h"

#include <catch2/catch.hpp>

#include "tests/support/server_harness.h"

using mxpress::proto::EnhancedStatus;
using mxpress::testing::ServerHarness;

namespace {

const std::string kEnvelope = "MAIL FROM:<a@client.example>\r\nRCPT TO:<b@there.example>\r\n";

std::string last_line(const std::string& output) {
  const auto end = output.rfind("\r\n", output.size() - 3);
  return end == std::string::npos ? output : output.substr(end + 2);
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

mxpress::mta::smtp::ServerOptions with_size(std::uint64_t size) {
  auto options = ServerHarness::standard_options();
  options.max_message_size = size;
  options.max_refused = 2 * size;
  return options;
}

}  // namespace

TEST_CASE("server: replies to pipelined commands go out in one write") {
  ServerHarness server;
  const int before = server.pipe->writes;
  CHECK(count(server.send(kEnvelope + "RSET\r\nNOOP\r\n" + kEnvelope), "\r\n") == 6);
  CHECK(server.pipe->writes == before + 1);
}

TEST_CASE("server: commands are taken in turns of bounded work, and domains outside ASCII count for what they cost") {
  std::string domain = "\xC3\xBC";
  while (domain.size() < 60) domain += ".\xC3\xBC";
  const std::string recipient = "RCPT TO:<u@" + domain + ">\r\n";
  for (const std::string& command : {recipient, std::string("NOOP\r\n")}) {
    CAPTURE(command);
    ServerHarness server;
    std::string commands = "MAIL FROM:<a@client.example>\r\n";
    while (commands.size() < 30'000) commands += command;
    server.pipe->give(commands);
    server.io.restart();
    std::uint64_t most = 0;
    std::uint64_t before = server.session->work();
    const std::uint64_t all_before = before;
    while (server.io.poll_one() > 0) {
      most = std::max(most, server.session->work() - before);
      before = server.session->work();
    }
    CHECK(most < 400);
    CHECK(before - all_before > 4000);
    CHECK(count(server.pipe->output, "250 2.") == count(commands, "\r\n"));
  }
}

TEST_CASE("server: where octets outside ASCII are bounded, a session that says more in commands is sent away") {
  auto options = ServerHarness::standard_options();
  options.max_international = 100;
  ServerHarness server(std::move(options));
  const std::string sender = "MAIL FROM:<a@b\xC3\xBC.example>\r\nRSET\r\n";
  for (int i = 0; i < 50; ++i) CHECK(server.send(sender).starts_with("250 "));
  CHECK(server.send(kEnvelope + "DATA\r\n\xC3\xBC\r\n.\r\n").find("354 ") != std::string::npos);
  CHECK(server.sink.mails.size() == 1);
  CHECK(server.send(sender).starts_with("552 5.5.3"));
  CHECK(server.ended());
}

TEST_CASE("server: messages that follow one another without waiting are all taken") {
  ServerHarness server;
  std::string bytes;
  for (int i = 0; i < 50; ++i) bytes += kEnvelope + "DATA\r\nnumber " + std::to_string(i) + "\r\n.\r\n";
  server.send(bytes);
  REQUIRE(server.sink.mails.size() == 50);
  CHECK(server.sink.mails[49].content == "number 49\r\n");
}

TEST_CASE("server: a message over SIZE is refused at MAIL and at the dot, and the session goes on") {
  ServerHarness server(with_size(1000));
  CHECK(server.send("MAIL FROM:<a@client.example> SIZE=1001\r\n").starts_with("552 5.3.4"));
  CHECK(server.send("RCPT TO:<b@there.example>\r\n").starts_with("503"));
  server.send(kEnvelope + "DATA\r\n");
  CHECK(server.send(std::string(1001, 'x')) == "");  // swallowed
  CHECK(server.send("\r\n.\r\n").starts_with("552 5.3.4"));
  CHECK(server.sink.mails.empty());
  server.send(kEnvelope + "DATA\r\n");
  CHECK(server.send(std::string(998, 'x') + "\r\n.\r\n").starts_with("250"));
}

TEST_CASE("server: content far over the limit ends the session before it ends") {
  ServerHarness server(with_size(1000));
  server.send(kEnvelope + "DATA\r\n");
  std::size_t sent = 0;
  while (!server.ended() && sent < (10u << 20)) {
    server.send(std::string(10'000, 'x') + "\r\n");
    sent += 10'002;
  }
  CHECK(server.ended());
  CHECK(sent < 200'000);
  CHECK(server.sink.mails.empty());
}

TEST_CASE("server: an overlong line is refused without death, and one without end closes the session") {
  ServerHarness server;
  CHECK(server.send("NOOP " + std::string(10'000, 'x') + "\r\n").starts_with("500 5.5.2"));
  CHECK(server.send("NOOP\r\n").starts_with("250"));
  const std::string output = server.send(std::string(1u << 20, 'x'));
  CHECK(output.starts_with("500 5.5.2"));
  CHECK(server.ended());
  CHECK(server.pipe->closed);
  CHECK(server.pipe->input.size() > 800'000);  // it was not even read
}

TEST_CASE("server: 10,000 recipients are taken, and one more is told 452 4.5.3") {
  ServerHarness server;
  std::string bytes = "MAIL FROM:<a@client.example>\r\n";
  for (int i = 0; i < 10'001; ++i) bytes += "RCPT TO:<r" + std::to_string(i) + "@there.example>\r\n";
  const std::string output = server.send(bytes);
  CHECK(count(output, "250 2.1.5") == 10'000);
  CHECK(last_line(output).starts_with("452 4.5.3"));
  CHECK(server.send("DATA\r\n.\r\n").find("\r\n250 ") != std::string::npos);
  REQUIRE(server.sink.mails.size() == 1);
  CHECK(server.sink.mails[0].envelope.recipients.size() == 10'000);
}

TEST_CASE("server: after too many errors the session ends") {
  ServerHarness server;
  std::string output;
  int sent = 0;
  for (; sent < 100 && !server.ended(); ++sent) output = server.send("NONSENSE\r\n");
  CHECK(sent == 20);
  CHECK(last_line(output).starts_with("421 4.7.0"));
}

TEST_CASE("server: each refusal of a command or a message is an error, whatever its reason") {
  ServerHarness server;
  std::string command, setup;
  SECTION("MAIL by its size") { command = "MAIL FROM:<a@client.example> SIZE=99999999999\r\n"; }
  SECTION("MAIL by the sink") {
    server.sink.refuse_begin = mxpress::mta::smtp::ServerReply{452, mxpress::proto::EnhancedStatus{4, 3, 1}, "disk full"};
    command = "MAIL FROM:<a@client.example>\r\n";
  }
  SECTION("RCPT by the sink") {
    setup = "MAIL FROM:<a@client.example>\r\n";
    server.sink.refuse_recipient = mxpress::mta::smtp::ServerReply{550, mxpress::proto::EnhancedStatus{5, 1, 1}, "no"};
    command = "RCPT TO:<b@there.example>\r\n";
  }
  SECTION("RCPT by its syntax") {
    setup = "MAIL FROM:<a@client.example>\r\n";
    command = "RCPT TO:<b c>\r\n";
  }
  SECTION("a message by the sink") {
    server.sink.verdict = {451, mxpress::proto::EnhancedStatus{4, 3, 0}, "no"};
    command = kEnvelope + "DATA\r\n.\r\n";
  }
  SECTION("a line without CR") { command = "NOOP\n"; }
  SECTION("a long line") { command = std::string(5000, 'x') + "\r\n"; }
  server.send(setup);
  std::string output;
  for (int i = 0; i < 19; ++i) server.send(command);
  CHECK_FALSE(server.ended());
  CHECK(last_line(server.send(command)).starts_with("421 4.7.0"));
  CHECK(server.ended());
}

TEST_CASE("server: a session of many messages with a refusal now and then goes on") {
  ServerHarness server;
  for (int i = 0; i < 100; ++i) {
    server.send("NONSENSE\r\n");
    REQUIRE(server.send(kEnvelope + "DATA\r\n.\r\n").find("\r\n250 ") != std::string::npos);
  }
  CHECK(server.sink.mails.size() == 100);
}

TEST_CASE("server: after an error too many nothing that was pipelined is done") {
  ServerHarness server;
  std::string bytes;
  for (int i = 0; i < 20; ++i) bytes += "NONSENSE\r\n";
  server.send(bytes + kEnvelope + "DATA\r\n.\r\n");
  CHECK(server.ended());
  CHECK(server.sink.opened == 0);
  CHECK(server.sink.refusals.size() == 21);
}

TEST_CASE("server: nothing behind QUIT is done") {
  ServerHarness server;
  const std::string output = server.send("QUIT\r\nNONSENSE\r\n" + kEnvelope + "DATA\r\n.\r\n");
  CHECK(server.ended());
  CHECK(last_line(output).starts_with("221 2.0.0"));
  CHECK(server.sink.refusals.empty());
  CHECK(server.sink.opened == 0);
}

TEST_CASE("server: recipients beyond the limit are no errors") {
  auto options = ServerHarness::standard_options();
  options.max_recipients = 1;
  ServerHarness server(options);
  server.send(kEnvelope);
  for (int i = 0; i < 100; ++i) REQUIRE(server.send("RCPT TO:<b@there.example>\r\n").starts_with("452 4.5.3"));
  CHECK_FALSE(server.ended());
}

TEST_CASE("server: recipients that are none count as errors") {
  auto options = ServerHarness::standard_options();
  options.max_errors = 3;
  ServerHarness server(options);
  server.send(kEnvelope);
  std::string output;
  for (int i = 0; i < 3; ++i) output = server.send("RCPT TO:<b c>\r\n");
  CHECK(last_line(output).starts_with("421 4.7.0"));
}

TEST_CASE("server: what a web server is made to say ends the session, whatever follows") {
  ServerHarness server;
  const std::string output = server.send("POST / HTTP/1.1\r\nHost: x\r\n\r\n" + kEnvelope + "DATA\r\n\r\n.\r\n");
  CHECK(last_line(output).starts_with("554 5.5.1"));
  CHECK(server.sink.mails.empty());
}

TEST_CASE("server: only CRLF.CRLF ends the data, in one piece or cut anywhere") {
  const std::string variants[] = {"\n.\n",
                                  "\r.\r",
                                  "\r\n.\n",
                                  "\n.\r\n",
                                  "\r.\r\n",
                                  "\r\n.\r",
                                  "\r\r\n.\r\n",
                                  "\n\n.\r\n",
                                  "\r\n.\r\r\n",
                                  "\n.\n\r\n",
                                  std::string("\r\n\0.\r\n", 6),
                                  std::string("\r\n.\0\r\n", 6),
                                  std::string("\r\n\0\r\n.\n", 7)};
  for (const std::string& dot : variants) {
    const std::string smuggled = "MAIL FROM:<evil@client.example>\r\nRCPT TO:<victim@there.example>\r\nDATA\r\nevil\r\n";
    const std::string bytes = "one" + dot + smuggled + ".\r\n";
    const bool ends_early = dot == "\r\r\n.\r\n";  // the CR before it is the flaw; the end is a true one
    for (std::size_t cut = 0; cut <= 3 + dot.size(); ++cut) {
      ServerHarness server;
      server.send(kEnvelope + "DATA\r\n");
      std::string output = server.send(bytes.substr(0, cut));
      output += server.send(bytes.substr(cut));
      INFO("dot variant of " << dot.size() << " octets, cut at " << cut);
      CHECK(output.starts_with("550 5."));
      if (!ends_early) CHECK(count(output, "\r\n") == 1);
      if (!ends_early) CHECK(server.sink.mails.empty());
    }
  }
}

TEST_CASE("server: a sink that refuses is obeyed at each step, and its words reach the client") {
  ServerHarness server;
  server.sink.refuse_begin = {452, EnhancedStatus{4, 3, 1}, "no room"};
  CHECK(server.send(kEnvelope).starts_with("452 4.3.1 no room\r\n503 5.5.1"));
  server.sink.refuse_begin.reset();
  server.sink.refuse_recipient = {550, EnhancedStatus{5, 1, 1}, "nobody"};
  CHECK(server.send(kEnvelope + "DATA\r\n").find("550 5.1.1 nobody\r\n554 5.5.1") != std::string::npos);
  server.sink.refuse_recipient.reset();
  server.sink.refuse_open = {451, EnhancedStatus{4, 3, 0}, "not now"};
  CHECK(last_line(server.send("RSET\r\n" + kEnvelope + "DATA\r\n")).starts_with("451 4.3.0 not now"));
  server.sink.refuse_open.reset();
  server.sink.refuse_append = {452, EnhancedStatus{4, 3, 1}, "full now"};
  CHECK(last_line(server.send(kEnvelope + "DATA\r\nx\r\n.\r\n")).starts_with("452 4.3.1 full now"));
  server.sink.refuse_append.reset();
  server.sink.verdict = {451, EnhancedStatus{4, 3, 0}, "disk broke"};
  CHECK(last_line(server.send(kEnvelope + "DATA\r\nx\r\n.\r\n")).starts_with("451 4.3.0 disk broke"));
  CHECK(server.sink.mails.empty());
  CHECK(server.sink.refusals.size() == 7);
}

TEST_CASE("server: content that drips forever ends with its own deadline") {
  ServerHarness server;
  server.send(kEnvelope + "DATA\r\n");
  std::string output;
  int minutes = 0;
  for (; minutes < 100 && !server.ended(); ++minutes) {
    output += server.send("x\r\n");
    output += server.wait(std::chrono::minutes(1));
  }
  CHECK(minutes == 60);
  CHECK(output.starts_with("421 4.4.2"));
  CHECK(server.sink.mails.empty());
}

TEST_CASE("server: a client that hangs up in the middle leaves nothing behind") {
  ServerHarness server;
  server.send(kEnvelope + "DATA\r\nhalf");
  server.pipe->hang_up();
  CHECK(server.wait(mxpress::Duration(0)) == "");
  CHECK(server.ended());
  CHECK(server.sink.opened == 1);
  CHECK(server.sink.mails.empty());
}
