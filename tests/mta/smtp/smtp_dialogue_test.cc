// What is recorded of the dialogue with a mail host, and what never is.
#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <vector>

#include "mta/auth/login.h"
#include "mta/content/pipeline.h"
#include "mta/smtp/client.h"
#include "mta/smtp/dialogue.h"
#include "tests/support/mail_host.h"
#include "tests/support/memory_stream.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using namespace mxpress::mta;
using mxpress::testing::MailHost;
using mxpress::testing::MemoryConnector;
using proto::Speaker;
using smtp::Dialogue;

namespace {

const dns::Target kTarget{"mx.there.example", dns::Address{false, {192, 0, 2, 1}}};

std::string shown(const proto::DialogueLine& line) {
  constexpr std::string_view kMarks = "CSTN";
  return std::string(1, kMarks[static_cast<std::size_t>(line.from)]) + ": " + line.text;
}

std::vector<std::string> shown(const std::vector<proto::DialogueLine>& lines) {
  std::vector<std::string> texts;
  for (const auto& line : lines) texts.push_back(shown(line));
  return texts;
}

// What a listener hears of a session that is opened and ended, and what is kept of it if it was not opened.
struct Heard {
  std::vector<std::string> lines, kept;
  explicit Heard(MailHost& host, smtp::ClientOptions options) {
    testing::VirtualTime time;
    asio::io_context io;
    MemoryConnector connector(io.get_executor());
    connector.serve(kTarget.address_text(),
                    [&](std::unique_ptr<net::Stream> stream, dns::Target) { return host.serve(std::move(stream)); });
    options.listener = [&](const proto::DialogueLine& line) { lines.push_back(shown(line)); };
    const auto converse = [&]() -> Task<void> {
      auto opened = co_await smtp::ClientSession::open(connector, kTarget, options);
      if (opened.dialogue) kept = shown(*opened.dialogue);
      if (opened.session) co_await opened.session->quit();
    };
    asio::co_spawn(io, converse(), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
    time.run(io);
  }
};

smtp::ClientOptions options() {
  smtp::ClientOptions options;
  options.hello_name = "here.example";
  options.tls = net::TlsPolicy::may();
  return options;
}

// A dialogue without a session.
struct Recorded {
  Dialogue dialogue;
  BootTime now{};
  Recorded() { dialogue.start(now); }
  void host(std::string_view octets) { dialogue.received(octets, now += Duration(1)); }
  void client(std::string_view octets) { dialogue.sent(octets, now += Duration(1)); }
  std::vector<std::string> lines() const { return shown(dialogue.lines()); }
  std::size_t octets() const {
    std::size_t sum = 0;
    for (const auto& line : lines()) sum += line.size();
    return sum;
  }
};

}  // namespace

TEST_CASE("smtp dialogue: a listener gets each line of both sides in the order of the dialogue") {
  testing::MailHostBehaviour behaviour;
  behaviour.extensions = {"8BITMIME"};
  MailHost host(behaviour);
  const Heard heard(host, options());
  CHECK(heard.lines == std::vector<std::string>{"S: 220 mx.there.example ESMTP", "C: EHLO here.example", "S: 250-mx.there.example",
                                                "S: 250-8BITMIME", "S: 250 HELP", "C: QUIT", "S: 221 2.0.0 bye"});
  CHECK(heard.kept.empty());
}

TEST_CASE("smtp dialogue: of a session that is not opened it is kept") {
  MailHost host;
  host.behaviour().stages["EHLO"] = {.reply = "421-4.7.0 too\r\n421 4.7.0 busy"};
  const Heard heard(host, options());
  CHECK(heard.kept ==
        std::vector<std::string>{"S: 220 mx.there.example ESMTP", "C: EHLO here.example", "S: 421-4.7.0 too", "S: 421 4.7.0 busy"});
}

TEST_CASE("smtp dialogue: TLS is a line") {
  testing::MailHostBehaviour behaviour;
  behaviour.tls = testing::HostTls::works;
  MailHost host(behaviour);
  const Heard heard(host, options());
  const auto starts = std::find(heard.lines.begin(), heard.lines.end(), "C: STARTTLS");
  REQUIRE(heard.lines.end() - starts > 3);
  CHECK(starts[2].starts_with("T: "));
  CHECK(starts[3] == "C: EHLO here.example");
}

TEST_CASE("smtp dialogue: nothing that AUTH transfers is recorded, nor a reply that repeats it; what follows is") {
  for (const std::string_view mechanism : {"PLAIN", "LOGIN"}) {
    testing::MailHostBehaviour behaviour;
    behaviour.extensions = {"AUTH " + std::string(mechanism)};
    MailHost host(behaviour);
    host.behaviour().stages["AUTH"] = {.reply = "334 VXNlcm5hbWU6", .times = 1};
    if (mechanism == "PLAIN") host.behaviour().stages["AUTH"] = {.reply = "535-5.7.8 wrong:\r\n535 joe/secret-word"};
    for (const std::string_view answer : {"am9l", "c2VjcmV0LXdvcmQ="})  // joe, secret-word
      host.behaviour().stages[std::string(answer)] = {.reply = answer == "am9l" ? "334 UGFzc3dvcmQ6" : "535 5.7.8 no c2VjcmV0LXdvcmQ="};
    auto with_login = options();
    auto login = std::make_shared<auth::Login>();
    login->name = "office";
    login->user = "joe";
    login->password = auth::Secret("secret-word");
    login->allow_cleartext = true;
    with_login.login = login;
    const Heard heard(host, with_login);
    INFO(mechanism);
    std::string all;
    for (const auto& lines : {heard.lines, heard.kept})
      for (const auto& line : lines) all += line + "\n";
    INFO(all);
    CHECK(all.find("secret-word") == std::string::npos);
    CHECK(all.find("c2VjcmV0") == std::string::npos);
    CHECK(all.find("am9l") == std::string::npos);
    CHECK(all.find("AGpvZQBzZWNyZXQtd29yZA==") == std::string::npos);
    CHECK(all.find("VXNlcm5hbWU6") == std::string::npos);
    if (mechanism == "PLAIN") CHECK(all.find("C: AUTH PLAIN (not shown)\n") != std::string::npos);
    if (mechanism == "LOGIN")
      CHECK(all.find("C: AUTH LOGIN\nS: 334 (not shown)\nC: (not shown)\nS: 334 (not shown)\n") != std::string::npos);
    CHECK(all.find("S: 535 (a reply that repeats the password)\n") != std::string::npos);
    CHECK(all.find("C: QUIT\n") != std::string::npos);
  }
}

TEST_CASE("smtp dialogue: lines are whole, however they arrive, and content is counted") {
  Recorded recorded;
  for (const char* piece : {"22", "0 mx\r", "\n2", "50 a\n", "250 b"}) recorded.host(piece);
  recorded.client("DATA\r\n");
  recorded.host(" c\r\n");
  recorded.dialogue.begin_content();
  recorded.client(std::string(60'000, 'x'));
  recorded.client(std::string(60'000, 'y'));
  recorded.dialogue.end_content();
  recorded.host("250 ok");
  CHECK(recorded.lines() == std::vector<std::string>{"S: 220 mx", "S: 250 a", "C: DATA", "S: 250 b c", "N: [120,000 octets of content]",
                                                     "S: 250 ok (the line is incomplete)"});
}

TEST_CASE("smtp dialogue: control characters and other octets are visible, and do nothing to a terminal") {
  Recorded recorded;
  recorded.host(std::string_view("550 \x1b]0;x\x07 \0 \x9b \xff\r\n", 18));
  CHECK(recorded.lines() == std::vector<std::string>{"S: 550 \\x1B]0;x\\x07 \\x00 \\x9B \\xFF"});
}

TEST_CASE("smtp dialogue: a message has the opening and its own part") {
  Recorded recorded;
  recorded.host("220 mx\r\n");
  recorded.client("EHLO here\r\n");
  recorded.host("250 mx\r\n");
  recorded.dialogue.begin_message();
  recorded.client("RCPT TO:<alice@there.example>\r\n");
  recorded.host("250 alice is welcome\r\n");
  recorded.dialogue.begin_message();
  recorded.client("RCPT TO:<bob@there.example>\r\n");
  recorded.host("550 no bob\r\n");
  CHECK(recorded.lines() == std::vector<std::string>{"S: 220 mx", "C: EHLO here", "S: 250 mx",
                                                     "N: [the connection was open; what follows is about this message]",
                                                     "C: RCPT TO:<bob@there.example>", "S: 550 no bob"});
  CHECK(recorded.dialogue.lines()[4].at == Duration(6));
  std::vector<std::string> heard;
  recorded.dialogue.listen([&](const proto::DialogueLine& line) { heard.push_back(shown(line)); });
  CHECK(heard == recorded.lines());
  recorded.host("250 more\r\n");
  CHECK(heard == recorded.lines());
}

TEST_CASE("smtp dialogue: of a flood of replies beginning and end are kept, in bounded memory") {
  const std::size_t before = Dialogue::taken_room();
  {
    Recorded recorded;
    recorded.host("220 first\r\n");
    std::string lines;
    for (int i = 0; i < 200; ++i) lines += "250-" + std::to_string(i) + "\r\n";
    for (int i = 0; i < 5'000; ++i) recorded.host(lines);  // some 9 MB
    recorded.host("250 last\r\n");
    CHECK(recorded.lines().front() == "S: 220 first");
    CHECK(recorded.lines().back() == "S: 250 last");
    CHECK(recorded.octets() < 2 * Dialogue::kMost);
    std::uint64_t left_out = 0;
    for (const auto& line : recorded.lines()) left_out += line.ends_with(" octets are left out]");
    CHECK(left_out == 1);
    CHECK(Dialogue::taken_room() - before == Dialogue::kMost - Dialogue::kUsual);
    recorded.dialogue.begin_message();
    CHECK(Dialogue::taken_room() == before);
    CHECK(recorded.octets() <= Dialogue::kUsual);
    recorded.host("250 of the message\r\n");
    CHECK(recorded.lines().back() == "S: 250 of the message");
  }
  CHECK(Dialogue::taken_room() == before);
}

TEST_CASE("smtp dialogue: a line without end, octet by octet, is cut") {
  Recorded recorded;
  for (int i = 0; i < 100'000; ++i) recorded.host("x");
  recorded.host("\r\n250 ok\r\n");
  const auto lines = recorded.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "S: " + std::string(Dialogue::kMostOfLine, 'x') + " [...]");
  CHECK(lines[1] == "S: 250 ok");
  CHECK(Dialogue::taken_room() == 0);
}

TEST_CASE("smtp dialogue: when the room of all is used up each has the usual memory") {
  const std::string lines(20'000, 'x');
  std::vector<std::unique_ptr<Recorded>> all;
  for (int i = 0; i < 200; ++i) {
    all.push_back(std::make_unique<Recorded>());
    for (int n = 0; n < 20; ++n) all.back()->host(std::string(1'000, 'x') + "\r\n");
    all.back()->host("250 last\r\n");
    CHECK(all.back()->lines().back() == "S: 250 last");
  }
  CHECK(Dialogue::taken_room() <= Dialogue::kRoom);
  CHECK(all.back()->octets() <= Dialogue::kUsual + 1'000);
  all.clear();
  CHECK(Dialogue::taken_room() == 0);
}
