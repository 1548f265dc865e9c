// The real sendmail program against the real entrances, with a spool in memory.
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/server_house.h"

using mxpress::testing::IntakeHouse;

namespace {

// What a mail is behind the fields that intake put in front of it.
std::string behind(const std::string& content, const std::string& field) {
  const auto at = content.find("\r\n" + field);
  return at == std::string::npos ? std::string() : content.substr(at + 2);
}

}  // namespace

TEST_CASE("sendmail: a message from stdin is in the spool when the program exits with 0") {
  IntakeHouse house;
  const auto result = house.sendmail({"-f", "me@here.example", "you@there.example"}, "Subject: hi\n\nhello\n.dot\n");
  CHECK(result.errors == "");
  REQUIRE(result.code == 0);
  const auto kept = house.spool.kept();
  REQUIRE(kept.size() == 1);
  const auto& envelope = kept[0].message.envelope;
  CHECK(envelope.reverse_path.to_string() == "me@here.example");
  REQUIRE(envelope.recipients.size() == 1);
  CHECK(envelope.recipients[0].mailbox.to_string() == "you@there.example");
  CHECK(envelope.submitter.entrance == "sendmail");
  CHECK(envelope.submitter.uid == ::getuid());
  CHECK(envelope.submitter.pid > 0);
  CHECK(envelope.submitter.program == "sendmail");
  CHECK(behind(kept[0].content, "Subject:") == "Subject: hi\r\n\r\nhello\r\n.dot\r\n");
  CHECK(kept[0].content.starts_with("Received: "));
  CHECK(kept[0].content.find("\r\nFrom: ") != std::string::npos);
  CHECK(kept[0].content.find("\r\nDate: ") != std::string::npos);
  CHECK(kept[0].content.find("\r\nMessage-ID: <") != std::string::npos);
  CHECK(house.deliverer.admitted() == std::vector{kept[0].id});
}

TEST_CASE("sendmail: header, names and DSN reach the daemon; unqualified addresses get the configured domain") {
  IntakeHouse house;
  const auto result = house.sendmail({"-t", "-f", "root", "-F", "J\xc3\xbcrgen", "-N", "success,failure", "-R", "hdrs", "-V", "my id"},
                                     "To: a, \"B, C\" <b@there.example>\nBcc: (secret) c@there.example\n\nhi\n");
  CHECK(result.errors == "");
  REQUIRE(result.code == 0);
  const auto kept = house.spool.kept();
  REQUIRE(kept.size() == 1);
  const auto& envelope = kept[0].message.envelope;
  CHECK(envelope.reverse_path.to_string() == "root@mx.example");
  REQUIRE(envelope.recipients.size() == 3);
  CHECK(envelope.recipients[0].mailbox.to_string() == "a@mx.example");
  CHECK(envelope.recipients[2].mailbox.to_string() == "c@there.example");
  CHECK(envelope.recipients[0].notify.success);
  CHECK_FALSE(envelope.recipients[0].notify.delay);
  CHECK(envelope.ret == mxpress::proto::Return::headers);
  CHECK(envelope.envid == "my+20id");
  CHECK(kept[0].content.find("Bcc") == std::string::npos);
  CHECK(kept[0].content.find("From: =?") != std::string::npos);
}

TEST_CASE("sendmail: what cron writes leaves with a domain behind every local name") {
  IntakeHouse house;
  const auto result = house.sendmail({"-i", "root"}, "From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@box> run\n\nTo: root\n");
  REQUIRE(result.code == 0);
  const auto kept = house.spool.kept();
  REQUIRE(kept.size() == 1);
  CHECK(behind(kept[0].content, "From:") ==
        "From: root@mx.example (Cron Daemon)\r\nTo: root@mx.example\r\nSubject: Cron <root@box> run\r\n\r\nTo: root\r\n");
}

TEST_CASE("sendmail: each failure has its exit code and tells what to do, and nothing is sent") {
  IntakeHouse house([](mxpress::mta::Config& config) { config.max_message_size = 100'000; });
  auto fails = [&](std::vector<std::string> arguments, const std::string& input, int code) {
    const auto result = house.sendmail(arguments, input);
    INFO(result.errors);
    CHECK(result.code == code);
    CHECK(result.errors.starts_with("sendmail: "));
    CHECK(result.errors.find_first_of("\x1b\r") == std::string::npos);
  };
  fails({}, "x\n", 64);
  fails({"-t"}, "Subject: nobody\n\nx\n", 64);
  fails({"-f", "not an address", "you@there.example"}, "x\n", 64);
  fails({"-be", "you@there.example"}, "x\n", 64);
  fails({"a b\x1b[2J"}, "x\n", 65);
  fails({"you@there.example"}, std::string("a\0b\n", 4), 65);
  fails({"you@there.example"}, std::string(200'000, 'x') + "\n", 65);
  fails({"|sh"}, "x\n", 67);
  house.spool.no_room = mxpress::Error::transient("disk full");
  fails({"you@there.example"}, "x\n", 75);
  CHECK(boost::filesystem::is_empty(house.base.drop_directory()));  // what the daemon refuses is not left for it
  house.close();
  boost::filesystem::remove(house.base.drop_directory());
  fails({"you@there.example"}, "x\n", 75);
  CHECK(house.spool.kept().empty());
}

TEST_CASE("sendmail: an empty message, a dot with -i, CRLF input and 10,000 recipients are sent") {
  IntakeHouse house;
  CHECK(house.sendmail({"you@there.example"}, "").code == 0);
  CHECK(house.sendmail({"-i", "you@there.example"}, "Subject: x\n\n.\nmore").code == 0);
  CHECK(house.sendmail({"you@there.example"}, "Subject: x\r\n\r\nmore\r\n").code == 0);
  std::string to = "To: ";
  for (int i = 0; i < 10'000; ++i) to += "r" + std::to_string(i) + "@there.example,\n ";
  const auto result = house.sendmail({"-t"}, to + "last@there.example\n\nx\n");
  CHECK(result.errors.find("452 4.5.3") != std::string::npos);
  CHECK(result.code == 75);
  CHECK(house.sendmail({"-t"}, to + "\n\nx\n").code == 0);
  const auto kept = house.spool.kept();
  REQUIRE(kept.size() == 4);
  CHECK(kept[1].content.ends_with("\r\n\r\n.\r\nmore\r\n"));
  CHECK(kept[2].content.ends_with("Subject: x\r\n\r\nmore\r\n"));
  CHECK(kept[3].message.envelope.recipients.size() == 10'000);
}

TEST_CASE("sendmail: -bs speaks SMTP with the daemon, and says 421 without it") {
  IntakeHouse house;
  const std::string talk = "EHLO x\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n";
  const auto result = house.sendmail({"-bs"}, talk);
  CHECK(result.code == 0);
  CHECK(result.output.find("250 2.0.0 Ok: queued as") != std::string::npos);
  CHECK(result.output.find("221 ") != std::string::npos);
  CHECK(house.spool.kept().size() == 1);
  house.close();
  const auto down = house.sendmail({"-bs"}, talk);
  CHECK(down.output.starts_with("421 4.3.2"));
  CHECK(down.code == 75);
}

TEST_CASE("sendmail: no argument writes a file or reads another configuration") {
  IntakeHouse house;
  const auto trap = house.folder.path() / "trap.php";
  CHECK(house
            .sendmail({"-X" + trap.string(), "-C", trap.string(), "-oQ" + trap.string(), "-OQueueDirectory=" + trap.string(),
                       "-D" + trap.string(), "you@there.example"},
                      "<?php ?>\n")
            .code == 0);
  CHECK_FALSE(boost::filesystem::exists(trap));
  CHECK(house.spool.kept().size() == 1);
}
