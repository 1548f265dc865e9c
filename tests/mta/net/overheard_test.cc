// Listening to dialogues.
#include "mta/net/overheard.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <exception>
#include <vector>

#include "mta/auth/login.h"
#include "mta/smtp/client.h"
#include "tests/support/mail_host.h"
#include "tests/support/memory_stream.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using namespace mxpress::mta::net;
using mxpress::testing::MailHost;
using mxpress::testing::MemoryConnector;

namespace {

const dns::Target kTarget{"mx.there.example", dns::Address{false, {192, 0, 2, 1}}};

// The dialogue of a session that is opened and ended.
std::vector<std::string> heard(MailHost& host, mta::smtp::ClientOptions options) {
  testing::VirtualTime time;
  asio::io_context io;
  MemoryConnector connector(io.get_executor());
  connector.serve(kTarget.address_text(), [&](std::unique_ptr<Stream> stream, dns::Target) { return host.serve(std::move(stream)); });
  std::vector<std::string> lines;
  OverheardConnector overheard(connector, [&](Speaker speaker, std::string_view line) {
    lines.push_back((speaker == Speaker::client ? "C: " : speaker == Speaker::host ? "S: " : "T: ") + std::string(line));
  });
  const auto converse = [&]() -> Task<void> {
    auto opened = co_await mta::smtp::ClientSession::open(overheard, kTarget, options);
    if (opened.session) co_await opened.session->quit();
  };
  asio::co_spawn(io, converse(), [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
  time.run(io);
  return lines;
}

mta::smtp::ClientOptions options() {
  mta::smtp::ClientOptions options;
  options.hello_name = "here.example";
  options.tls = TlsPolicy::may();
  return options;
}

std::vector<std::string> split(std::vector<std::string> pieces) {
  LineSplitter splitter;
  std::vector<std::string> lines;
  for (const std::string& piece : pieces) splitter.feed(piece, [&](std::string_view line) { lines.emplace_back(line); });
  lines.push_back("rest: " + splitter.take_rest());
  return lines;
}

}  // namespace

TEST_CASE("overheard: a listener gets each line of both sides in the order of the dialogue") {
  testing::MailHostBehaviour behaviour;
  behaviour.extensions = {"8BITMIME"};
  MailHost host(behaviour);
  CHECK(heard(host, options()) == std::vector<std::string>{"S: 220 mx.there.example ESMTP", "C: EHLO here.example",
                                                           "S: 250-mx.there.example", "S: 250-8BITMIME", "S: 250 HELP", "C: QUIT",
                                                           "S: 221 2.0.0 bye"});
}

TEST_CASE("overheard: lines are whole, however they arrive, and too long ones are cut") {
  CHECK(split({"25", "0 a\r\n2", "50 b\n", "220"}) == std::vector<std::string>{"250 a", "250 b", "rest: 220"});
  const auto lines = split({std::string(5000, 'x'), std::string(5000, 'y') + "\r\nz\r\n"});
  CHECK(lines == std::vector<std::string>{std::string(LineSplitter::kMostOfLine, 'x'), "z", "rest: "});
}

TEST_CASE("overheard: what AUTH transfers is not told, and what follows it is") {
  SecretCover cover;
  CHECK(cover.covered(Speaker::client, "EHLO a") == "EHLO a");
  CHECK(cover.covered(Speaker::client, "auth plain AGpvZQBzZWNyZXQ=") == "auth plain (not shown)");
  CHECK(cover.covered(Speaker::host, "235 ok") == "235 ok");
  CHECK(cover.covered(Speaker::client, "MAIL FROM:<>") == "MAIL FROM:<>");
  CHECK(cover.covered(Speaker::client, "AUTH LOGIN") == "AUTH LOGIN");
  CHECK(cover.covered(Speaker::host, "334 VXNlcm5hbWU6") == "334 (not shown)");
  CHECK(cover.covered(Speaker::client, "am9l") == "(not shown)");
  CHECK(cover.covered(Speaker::host, "334 UGFzc3dvcmQ6") == "334 (not shown)");
  CHECK(cover.covered(Speaker::client, "c2VjcmV0") == "(not shown)");
  CHECK(cover.covered(Speaker::host, "535 5.7.8 no") == "535 5.7.8 no");
  CHECK(cover.covered(Speaker::client, "QUIT") == "QUIT");
}
