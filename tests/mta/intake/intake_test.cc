// Intake: added header fields, clients that may send, and the destination of local mail.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "mta/intake/intake.h"
#include "mta/intake/peer.h"
#include "mta/intake/submit.h"
#include "mta/smtp/server_session.h"
#include "mta/system/unix_listener.h"
#include "proto/command.h"
#include "tests/support/server_house.h"

namespace intake = mxpress::mta::intake;
using mxpress::mta::Config;
using mxpress::proto::Domain;
using mxpress::proto::Mailbox;
using mxpress::testing::IntakeHouse;
using mxpress::testing::read_until;
using mxpress::testing::write_everything;

namespace {

const std::string kEnvelope = "MAIL FROM:<a@client.example>\r\nRCPT TO:<b@there.example>\r\nDATA\r\n";

// One message over SMTP from loopback; the reply to the dot.
std::string send_by_smtp(IntakeHouse& house, const std::string& content, const std::string& envelope = kEnvelope,
                         const std::string& hello = "EHLO c.example\r\n") {
  const int client = house.connect_tcp();
  write_everything(client, hello + envelope + content + ".\r\nQUIT\r\n");
  const std::string output = read_until(client, "221 ");
  ::close(client);
  const auto at = output.find("\r\n354 ");
  return at == std::string::npos ? output : output.substr(output.find("\r\n", at + 2) + 2);
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

std::string only_content(IntakeHouse& house) {
  const auto kept = house.spool.kept();
  REQUIRE(kept.size() == 1);
  return kept[0].content;
}

// The files of a killed daemon.
void leave_socket_file(const boost::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.native().copy(address.sun_path, sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(socket);
}

}  // namespace

TEST_CASE("intake: a complete message gets one Received and keeps every byte") {
  IntakeHouse house;
  const std::string message =
      "Received: from x by y; Thu, 1 Jan 2026 00:00:00 +0000\r\nfrom: <a@client.example>\r\nDATE: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
      "Message-id: <1@client.example>\r\nCc: c@there.example\r\n\r\n \xc3\xa4\r\n\r\n";
  CHECK(send_by_smtp(house, message).starts_with("250 2.0.0 Ok: queued as 0000000000001\r\n"));
  const std::string content = only_content(house);
  CHECK(content.ends_with(message));
  const std::string prefix = content.substr(0, content.size() - message.size());
  CHECK(prefix.starts_with("Received: from c.example"));
  CHECK(prefix.find("0000000000001") != std::string::npos);
  CHECK(prefix.find("with ESMTP") != std::string::npos);
  CHECK(count(prefix, ":") > 1);
  CHECK(prefix.find("Date:") == std::string::npos);
  CHECK(house.spool.kept()[0].message.envelope.body == mxpress::proto::BodyType::eight_bit);
  CHECK(house.spool.kept()[0].message.envelope.submitter.client_address.starts_with("127.0.0.1:"));
}

TEST_CASE("intake: Received says SMTP for a client that has not said EHLO") {
  IntakeHouse house;
  std::string hello;
  SECTION("HELO") { hello = "HELO c.example\r\n"; }
  SECTION("HELO after EHLO") { hello = "EHLO c.example\r\nHELO c.example\r\n"; }
  SECTION("nothing") { hello = ""; }
  CHECK(send_by_smtp(house, "x\r\n", kEnvelope, hello).starts_with("250"));
  CHECK(only_content(house).find(" (mxpress) with SMTP\r\n") != std::string::npos);
}

TEST_CASE("intake: Date, From and Message-ID are added where missing, also in front of a text without header") {
  IntakeHouse house;
  std::string message;
  SECTION("some header") { message = "Subject: x\r\n\r\nbody\r\n"; }
  SECTION("no header at all") { message = "just text\r\nmore\r\n"; }
  SECTION("a text in which fields follow") {
    message = "just text\r\nDate: x\r\nFrom: a@b.example\r\nMessage-ID: <y@b.example>\r\n\r\nmore\r\n";
  }
  SECTION("an empty header") { message = "\r\nbody\r\n"; }
  SECTION("nothing") { message = ""; }
  CHECK(send_by_smtp(house, message).starts_with("250"));
  const std::string content = only_content(house);
  CHECK(content.ends_with(message));
  const std::string added = content.substr(0, content.size() - message.size());
  CHECK(count(added, "\r\nDate: ") == 1);
  CHECK(count(added, "\r\nFrom: a@client.example\r\n") == 1);
  CHECK(count(added, "\r\nMessage-ID: <") == 1);
  if (message.starts_with("just text")) CHECK(content.find("\r\n\r\njust text") != std::string::npos);
}

TEST_CASE("intake: local names in the header of mail from loopback get our domain") {
  IntakeHouse house;
  CHECK(send_by_smtp(house, "From: root\r\nTo: root\r\n\r\nTo: root\r\n").starts_with("250"));
  CHECK(only_content(house).ends_with("From: root@mx.example\r\nTo: root@mx.example\r\n\r\nTo: root\r\n"));
}

TEST_CASE("intake: programs on loopback may leave out the domain, angle brackets, and write a blank behind the colon") {
  for (const char* envelope : {"MAIL FROM:<root>\r\nRCPT TO:<postmaster>\r\nDATA\r\n", "MAIL FROM: root\r\nRCPT TO: www-data\r\nDATA\r\n",
                               "MAIL FROM: <monit@web1.example>\r\nRCPT TO:<root>\r\nDATA\r\n"}) {
    CAPTURE(envelope);
    IntakeHouse house;
    CHECK(send_by_smtp(house, "Subject: x\r\n\r\nx\r\n", envelope).starts_with("250 2."));
    REQUIRE(house.spool.kept().size() == 1);
  }
}

TEST_CASE("intake: hosts that are not this one name their addresses whole") {
  const mxpress::mta::Config config = IntakeHouse().base;
  const auto local = intake::server_options(config, intake::Completion::complete);
  const auto remote = intake::server_options(config, intake::Completion::only_trace);
  REQUIRE((local.ok() && remote.ok()));
  CHECK(local->addresses.form == mxpress::proto::AddressForm::submission);
  CHECK(remote->addresses.form == mxpress::proto::AddressForm::smtp);
}

TEST_CASE("intake: nobody else sees who stands in Bcc") {
  IntakeHouse house;
  CHECK(send_by_smtp(house, "Subject: x\r\nBcc: secret@z.example,\r\n other@z.example\r\nResent-Bcc: third@z.example\r\n\r\nbody\r\n")
            .starts_with("250"));
  CHECK(only_content(house).find("z.example") == std::string::npos);
  CHECK(only_content(house).ends_with("\r\nSubject: x\r\n\r\nbody\r\n"));
}

TEST_CASE("intake: nobody else sees who stands in Bcc, however much header is in front of it, by either entrance") {
  for (const std::size_t size : {100'000, 300'000, 1'000'000}) {
    CAPTURE(size);
    std::string header;
    while (header.size() < size) header += "X-Filler: " + std::string(900, 'x') + "\r\n";
    const std::string message = header + "Bcc: secret@z.example\r\nResent-Bcc: secret@z.example\r\nSubject: end\r\n\r\nbody\r\n";
    IntakeHouse house;
    CHECK(send_by_smtp(house, message).starts_with("250"));
    const int client = house.connect_unix();
    write_everything(client, "EHLO c.example\r\n" + kEnvelope + message + ".\r\nQUIT\r\n");
    CHECK(read_until(client, "221 ").find("250 2.0.0 Ok: queued") != std::string::npos);
    ::close(client);
    REQUIRE(house.spool.kept().size() == 2);
    for (const auto& kept : house.spool.kept()) {
      CHECK(kept.content.find("secret") == std::string::npos);
      CHECK(kept.content.ends_with("\r\nSubject: end\r\n\r\nbody\r\n"));
      CHECK(kept.content.find("\r\nMessage-ID: <") != std::string::npos);
    }
  }
}

TEST_CASE("intake: a malformed line in the header hides no Bcc") {
  for (const char* header : {"this is no field\r\n", "Subject: x\r\nno field\r\nFrom: y\r\n", " indented\r\n",
                             "\xef\xbb\xbf"
                             "From: a@b.example\r\n",
                             "From me Thu Jan 1\r\nno field\r\n", ": no name\r\n", "\v\r\n"}) {
    CAPTURE(header);
    IntakeHouse house;
    CHECK(send_by_smtp(house, std::string(header) + "Bcc: secret@z.example\r\n\tsecret@y.example\r\nTo: b\r\n\r\nbody\r\n")
              .starts_with("250"));
    CHECK(only_content(house).find("secret") == std::string::npos);
    CHECK(only_content(house).ends_with("\r\nTo: b\r\n\r\nbody\r\n"));
  }
}

TEST_CASE("intake: the empty line that is missing behind the header is put there") {
  const std::pair<const char*, const char*> cases[] = {
      {"Subject: x\r\nHello,\r\nCc: y\r\n\r\nmore\r\n", "\r\nSubject: x\r\n\r\nHello,\r\nCc: y\r\n\r\nmore\r\n"},
      {"Subject: x\r\n f\r\n=====\r\n", "\r\nSubject: x\r\n f\r\n\r\n=====\r\n"},
      {"Subject: x\r\n", "\r\nSubject: x\r\n\r\n"},
      {"From me Thu Jan 1\r\nSubject: x\r\ntext\r\n", "\r\nSubject: x\r\n\r\ntext\r\n"},
      {"Subject: x\r\nFrom me Thu Jan 1\r\n", "\r\nSubject: x\r\n\r\nFrom me Thu Jan 1\r\n"},
  };
  for (const auto& [message, end] : cases) {
    CAPTURE(message);
    IntakeHouse house;
    CHECK(send_by_smtp(house, message).starts_with("250"));
    CHECK(only_content(house).ends_with(end));
  }
}

TEST_CASE("intake: Return-Path is not kept") {
  IntakeHouse house;
  CHECK(send_by_smtp(house, "Return-Path: <x@y.example>\r\nSubject: x\r\n\r\nReturn-Path: body\r\n").starts_with("250"));
  CHECK(only_content(house).find("Return-Path: <") == std::string::npos);
  CHECK(only_content(house).ends_with("\r\nSubject: x\r\n\r\nReturn-Path: body\r\n"));
}

TEST_CASE("intake: a hundred Received fields are accepted, one more is a loop") {
  IntakeHouse house;
  std::string hops;
  for (int i = 0; i < 100; ++i) hops += "Received: from a by b; Thu, 1 Jan 2026 00:00:00 +0000\r\n";
  CHECK(send_by_smtp(house, hops + "\r\nx\r\n").starts_with("250"));
  CHECK(send_by_smtp(house, hops + "Received: x\r\n\r\nx\r\n").starts_with("554 5.4.6"));
  CHECK(send_by_smtp(house, hops + "Received: x\r\n").starts_with("554 5.4.6"));
  CHECK(house.spool.kept().size() == 1);
}

TEST_CASE("intake: large content goes to a message file, byte for byte") {
  IntakeHouse house;
  std::string message = "Subject: large\r\n\r\n";
  while (message.size() < 5u << 20) message += std::string(70, 'x') + std::to_string(message.size()) + "\r\n";
  CHECK(send_by_smtp(house, message).starts_with("250"));
  CHECK(house.spool.kept()[0].was_large);
  CHECK(only_content(house).ends_with(message));
}

TEST_CASE("intake: a long header is completed as a short one is, and what comes behind it keeps every byte") {
  IntakeHouse house;
  std::string header = "From: root\r\nBcc: x\r\n";
  while (header.size() < 1'000'000) header += "To: a" + std::to_string(header.size()) + "@there.example\r\n";
  for (const std::size_t size : {10, 30'000, 3'000'000}) {
    std::string body;
    while (body.size() < size) body += "line " + std::to_string(body.size()) + "\r\n";
    REQUIRE(send_by_smtp(house, header + "\r\n" + body).starts_with("250"));
    const std::string content = house.spool.kept().back().content;
    CHECK(content.ends_with("@there.example\r\n\r\n" + body));
    CHECK(content.find("From: root@mx.example\r\nTo: a") != std::string::npos);
    CHECK(count(content, "\r\nTo: ") == 1);
    CHECK(count(content, "@there.example") == count(header, "@there.example") + 1);
    CHECK(content.find("Bcc:") == std::string::npos);
    CHECK(house.context().transactions->held() == 0);
  }
  REQUIRE(send_by_smtp(house, header).starts_with("250"));
  CHECK(house.spool.kept().back().content.ends_with("@there.example\r\n\r\n"));
}

TEST_CASE("intake: a line of 999 octets is known in the envelope, one of 998 is not") {
  IntakeHouse house;
  const std::string header = "Subject: x\r\n\r\n";
  CHECK(send_by_smtp(house, header + std::string(998, 'a') + "\r\n").starts_with("250"));
  CHECK(send_by_smtp(house, header + std::string(999, 'a') + "\r\n").starts_with("250"));
  CHECK(send_by_smtp(house, "Subject: " + std::string(990, 'a') + "\r\n\r\nx\r\n").starts_with("250"));
  const auto kept = house.spool.kept();
  REQUIRE(kept.size() == 3);
  CHECK_FALSE(kept[0].message.envelope.has_long_lines);
  CHECK(kept[1].message.envelope.has_long_lines);
  CHECK(kept[2].message.envelope.has_long_lines);
}

TEST_CASE("intake: a header of 1 MB and one of 10,000 lines are kept and completed; one over 1 MiB is refused") {
  IntakeHouse house;
  std::string message = "X-Long: ";
  bool is_taken = true;
  SECTION("1 MB") {
    while (message.size() < 1'000'000) message += std::string(70, 'x') + "\r\n ";
    message += "\r\n\r\nbody\r\n";
  }
  SECTION("10,000 lines") {
    message = "";
    for (int i = 0; i < 10'000; ++i) message += "X: " + std::to_string(i) + "\r\n";
    message += "\r\nbody\r\n";
  }
  SECTION("over 1 MiB") {
    while (message.size() < (1u << 20) + 10) message += std::string(70, 'x') + "\r\n ";
    message += "\r\n\r\nbody\r\n";
    is_taken = false;
  }
  SECTION("over 1 MiB in one field in one line") {
    message = "To: " + std::string(2'000'000, 'x') + "\r\n\r\nbody\r\n";
    is_taken = false;
  }
  SECTION("a text of one long line is no header") { message = std::string(2'000'000, 'x') + "\r\n"; }
  const std::string reply = send_by_smtp(house, message);
  CHECK(reply.starts_with(is_taken ? "250" : "552 5.3.4 Header is too big; the limit is 1048576 octets"));
  REQUIRE(house.spool.kept().size() == (is_taken ? 1 : 0));
  if (!is_taken) return;
  CHECK(only_content(house).ends_with(message));
  CHECK(only_content(house).starts_with("Received: "));
  CHECK(only_content(house).find("Message-ID: <") != std::string::npos);
}

TEST_CASE("intake: 250 only when the spool has it; 451 and 452 say why not") {
  IntakeHouse house;
  house.spool.cannot_store = mxpress::Error::transient("disk broke");
  CHECK(send_by_smtp(house, "x\r\n").starts_with("451 4.3.0"));
  house.spool.cannot_store.reset();
  house.spool.no_room = mxpress::Error::transient("disk full: 1 MB free of /var/spool");
  CHECK(send_by_smtp(house, "x\r\n").find("452 4.3.1 disk full") != std::string::npos);
  house.spool.no_room.reset();
  house.spool.cannot_append = mxpress::Error::transient("disk full now");
  CHECK(send_by_smtp(house, std::string(400'000, 'x') + "\r\n").starts_with("452 4.3.1 disk full now"));
  CHECK(house.spool.kept().empty());
  CHECK(house.deliverer.admitted().empty());
}

TEST_CASE("intake: redirected mail names its recipients in the header and goes to one address, without a copy for the archive") {
  IntakeHouse house([](Config& config) {
    config.redirect = Mailbox::parse("staging@test.example").value();
    config.always_bcc = Mailbox::parse("archive@else.example").value();
  });
  const std::string envelope = "MAIL FROM:<a@client.example>\r\nRCPT TO:<b@there.example>\r\nRCPT TO:<hidden@there.example>\r\nDATA\r\n";
  CHECK(send_by_smtp(house, "Subject: x\r\n\r\nx\r\n", envelope).starts_with("250 "));
  const auto kept = house.spool.kept();
  REQUIRE(kept.size() == 1);
  REQUIRE(kept[0].message.envelope.recipients.size() == 1);
  CHECK(kept[0].message.envelope.recipients[0].mailbox.to_string() == "staging@test.example");
  CHECK_THAT(kept[0].content, Catch::Contains("\r\nX-Original-To: b@there.example,\r\n hidden@there.example\r\n"));
}

TEST_CASE("intake: an archive gets a copy of each message, and the message does not show it") {
  IntakeHouse house([](Config& config) { config.always_bcc = Mailbox::parse("archive@else.example").value(); });
  CHECK(send_by_smtp(house, "Subject: x\r\n\r\nx\r\n").starts_with("250 "));
  const auto kept = house.spool.kept();
  REQUIRE(kept.size() == 1);
  REQUIRE(kept[0].message.envelope.recipients.size() == 2);
  CHECK(kept[0].message.envelope.recipients[1].mailbox.to_string() == "archive@else.example");
  CHECK(kept[0].message.envelope.recipients[1].notify.never());
  CHECK_THAT(kept[0].content, !Catch::Contains("archive"));
  CHECK_THAT(kept[0].content, Catch::Contains("for <b@there.example>"));
}

TEST_CASE("intake: mail for a destination whose route holds it is taken in held") {
  IntakeHouse house([](Config& config) {
    config.route.emplace().transport = mxpress::mta::RouteTransport::hold;
    config.route->source = "[route]";
  });
  CHECK(send_by_smtp(house, "Subject: x\r\n\r\nx\r\n").starts_with("250 "));
  REQUIRE(house.spool.kept().size() == 1);
  CHECK(house.spool.kept()[0].message.envelope.held_because == "Held for there.example by [route] of the configuration");
}

TEST_CASE("intake: the submission socket is for everybody, and a stale one is replaced") {
  IntakeHouse house;
  const auto path = house.base.listen.submission_socket;
  CHECK(boost::filesystem::status(path).permissions() == boost::filesystem::perms(0666));
  const auto again = intake::open_listeners(house.base);
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().message.find("another mxpressd") != std::string::npos);
  house.close();
  CHECK_FALSE(boost::filesystem::exists(path));
  leave_socket_file(path);
  REQUIRE(boost::filesystem::exists(path));
  house.open();
  CHECK(house.sendmail({"you@there.example"}, "x\n").code == 0);
}

TEST_CASE("intake: a start that fails later leaves no socket file behind") {
  IntakeHouse house;
  Config config = house.base;
  config.listen.smtp = {"127.0.0.1:0"};
  config.listen.submission_socket = house.folder.path() / "unserved";
  {
    const auto listeners = intake::open_listeners(config);
    REQUIRE(listeners.ok());
    REQUIRE(boost::filesystem::exists(config.listen.submission_socket));
  }
  CHECK_FALSE(boost::filesystem::exists(config.listen.submission_socket));
}

TEST_CASE("intake: a port that somebody else has stops no other entrance, and is told with the name of who has it") {
  IntakeHouse house;
  Config config = house.base;
  config.listen.submission_socket = house.folder.path() / "other";
  config.listen.smtp = {"127.0.0.1:" + std::to_string(house.port), "127.0.0.1:0"};
  const auto opened = intake::open_listeners(config);
  REQUIRE(opened.ok());
  CHECK(opened->smtp.size() == 1);
  CHECK(opened->submission.is_open());
  REQUIRE(opened->failures.size() == 1);
  CHECK(opened->failures[0].find("(pid " + std::to_string(::getpid()) + ")") != std::string::npos);
  CHECK(opened->failures[0].find("restart mxpress") != std::string::npos);
}

TEST_CASE("intake: listeners that cannot be are errors that say what to do") {
  IntakeHouse house;
  Config config = house.base;
  config.listen.submission_socket = house.folder.path() / "other";
  config.listen.smtp = {"0.0.0.0:0"};
  auto opened = intake::open_listeners(config);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().message.find("[listen] allow") != std::string::npos);
  config.listen.allow = {mxpress::dns::Network::parse("192.0.2.0/24").value()};
  CHECK(intake::open_listeners(config).ok());
  boost::filesystem::remove(config.listen.submission_socket);
  config.listen.smtp = {"192.0.2.77:0"};
  CHECK_FALSE(intake::open_listeners(config).ok());
  config.listen.smtp_is_default = true;
  opened = intake::open_listeners(config);
  REQUIRE(opened.ok());
  CHECK(opened->warnings.size() == 1);
}

TEST_CASE("intake: 600 idle connections do not keep the 601st out") {
  IntakeHouse house;
  std::vector<int> idle;
  for (int i = 0; i < 600; ++i) {
    idle.push_back(house.connect_tcp());
    REQUIRE(read_until(idle.back(), "\r\n").starts_with("220 "));
  }
  CHECK(read_until(idle.front(), "\r\n").starts_with("421 4.3.2"));
  CHECK(send_by_smtp(house, "x\r\n").starts_with("250"));
  CHECK(house.sendmail({"you@there.example"}, "x\n").code == 0);
  for (const int descriptor : idle) ::close(descriptor);
}

TEST_CASE("intake: shutdown tells idle clients 421 4.3.2, and waits for them") {
  IntakeHouse house;
  const int client = house.connect_unix();
  REQUIRE(read_until(client, "\r\n").starts_with("220 "));
  house.close();
  CHECK(read_until(client, "\r\n").starts_with("421 4.3.2"));
  ::close(client);
}

TEST_CASE("intake: the unit is the innermost service or scope of the cgroup") {
  CHECK(intake::unit_of_cgroup("0::/system.slice/php8.2-fpm.service\n") == "php8.2-fpm.service");
  CHECK(intake::unit_of_cgroup("0::/user.slice/user-1000.slice/user@1000.service/app.slice/mutt.scope\n") == "mutt.scope");
  CHECK(intake::unit_of_cgroup("0::/\n") == "");
  CHECK(intake::unit_of_cgroup("") == "");
}
