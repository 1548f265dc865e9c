// The real sendmail program against the real entrances, with a spool in memory.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <thread>

#include "proto/malformed_recipient.h"
#include "tests/support/server_house.h"

using mxpress::testing::IntakeHouse;
using mxpress::testing::write_everything;

namespace {

// The message after the fields that intake has added in front.
std::string behind(const std::string& content, const std::string& field) {
  const auto at = content.find("\r\n" + field);
  return at == std::string::npos ? std::string() : content.substr(at + 2);
}

// Answers each piece that it reads with its next reply, and closes when they are used up. An empty reply waits for the final dot.
class DyingDaemon {
 public:
  DyingDaemon(const std::string& path, std::vector<std::string> replies) : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    thread_ = std::thread([this, said = std::move(replies)] { serve(said); });
  }
  ~DyingDaemon() {
    thread_.join();
    ::close(listener_);
  }

 private:
  void serve(const std::vector<std::string>& replies) const {
    const int client = ::accept(listener_, nullptr, nullptr);
    for (std::size_t i = 0; i < replies.size(); ++i) {
      if (i > 0) mxpress::testing::read_until(client, replies[i].empty() ? "\r\n.\r\n" : "\r\n");
      write_everything(client, replies[i]);
    }
    ::close(client);
  }

  const int listener_;
  std::thread thread_;
};

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
  CHECK(envelope.submitter.program == "unit_tests");  // the program that started it
  CHECK(behind(kept[0].content, "Subject:") == "Subject: hi\r\n\r\nhello\r\n.dot\r\n");
  CHECK(kept[0].content.starts_with("Received: "));
  CHECK(kept[0].content.find("\r\nFrom: ") != std::string::npos);
  CHECK(kept[0].content.find("\r\nDate: ") != std::string::npos);
  CHECK(kept[0].content.find("\r\nMessage-ID: <") != std::string::npos);
  CHECK(house.deliverer.admitted() == std::vector{kept[0].id});
}

TEST_CASE("sendmail: the program that is told of is the one behind the shells between it and sendmail") {
  IntakeHouse house;
  const std::string sendmail = mxpress::testing::program("sendmail");
  const std::string config = "MXPRESS_CONFIG=" + (house.folder.path() / "mxpress.toml").string();
  const std::string inner = sendmail + " you@there.example; exit $?";
  for (const std::string& script : {inner, "sh -c '" + inner + "'; exit $?", "sh -c \"bash -c '" + inner + "'; exit $?\"; exit $?"}) {
    CAPTURE(script);
    REQUIRE(mxpress::testing::run_program({"/bin/sh", "-c", script}, "hello\n", {config}).code == 0);
    CHECK(house.spool.kept().back().message.envelope.submitter.program == "unit_tests");
  }
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

TEST_CASE("sendmail: a header over 1 MiB is not sent, with or without -t; one below is searched for Bcc to its end") {
  IntakeHouse house;
  std::string header = "To: you@there.example\n";
  while (header.size() < 700'000) header += "X-Long: " + std::string(900, 'x') + "\n";
  const std::string bcc = "Bcc: secret@there.example\n\nx\n";
  CHECK(house.sendmail({"-t"}, header + bcc).code == 0);
  CHECK(house.sendmail({"you@there.example"}, header + bcc).code == 0);
  REQUIRE(house.spool.kept().size() == 2);
  CHECK(house.spool.kept()[0].message.envelope.recipients.size() == 2);
  for (const auto& kept : house.spool.kept()) CHECK(kept.content.find("secret") == std::string::npos);
  while (header.size() < 1u << 20) header += "X-Long: " + std::string(900, 'x') + "\n";
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"-t"}, {"you@there.example"}}) {
    const auto result = house.sendmail(arguments, header + bcc);
    CHECK(result.code == 65);
    CHECK(result.errors.find("1 MiB") != std::string::npos);
  }
  CHECK(house.spool.kept().size() == 2);
}

TEST_CASE("sendmail: a CR in a field makes no field and no recipient") {
  IntakeHouse house;
  for (const char* input : {"To: you@there.example\nSubject: hi\rBcc: victim@there.example\nFrom: me@here.example\n\nx\n",
                            "Subject: hi\r\rTo: victim@there.example\rX: y\nTo: you@there.example\n\nx\n",
                            "To: you@there.example\nReply-To: a@b.example\r\r\rResent-To: victim@there.example\n\nx\n",
                            "To: you@there.example\nSubject: hi\vBcc: victim@there.example\fCc: victim@there.example\n\nx\n",
                            "To: you@there.example\nSubject: hi\xc2\x85"
                            "Bcc: victim@there.example\xe2\x80\xa8"
                            "Cc: v@there.example\n\nx\n"}) {
    CAPTURE(input);
    REQUIRE(house.sendmail({"-t"}, input).code == 0);
    const auto all = house.spool.kept();
    const auto& kept = all.back();
    REQUIRE(kept.message.envelope.recipients.size() == 1);
    CHECK(kept.message.envelope.recipients[0].mailbox.to_string() == "you@there.example");
    CHECK(kept.content.find("\r\nBcc:") == std::string::npos);
    CHECK(kept.content.ends_with("\r\n\r\nx\r\n"));
  }
}

TEST_CASE("sendmail: odd line ends end one line, and no Bcc behind them is sent") {
  IntakeHouse house;
  for (const std::string& end : {std::string("\r\r\n"), std::string("\n\r"), std::string("\r\n\r"), std::string("\r\r\r\n")}) {
    CAPTURE(end);
    const auto lines = "To: you@there.example" + end + "Subject: s" + end + "Bcc: secret@there.example" + end + end + "a" + end + "b" + end;
    REQUIRE(house.sendmail({"-t"}, lines).code == 0);
    const auto all = house.spool.kept();
    const auto& kept = all.back();
    CHECK(kept.message.envelope.recipients.size() == 2);
    CHECK(kept.content.find("secret") == std::string::npos);
    CHECK(kept.content.ends_with("\r\nTo: you@there.example\r\nSubject: s\r\n\r\na\r\nb\r\n"));
  }
}

TEST_CASE("sendmail: one malformed recipient does not keep the others from their mail, and is handed in to be told of") {
  IntakeHouse house;
  const auto result = house.sendmail({"-t", "-f", "me@here.example", "-N", "failure"}, "To: a@there.example, n/a@, b@there.example\n\nx\n");
  CHECK(result.code == 0);
  CHECK(result.errors == "sendmail: \"n/a@\" is not a mail address; the message goes to the others\n");
  CHECK(house.sendmail({"a@there.example", "b@@there.example", "|sh"}, "x\n").code == 0);
  const auto all = house.spool.kept();
  REQUIRE(all.size() == 2);
  const auto& recipients = all[0].message.envelope.recipients;
  REQUIRE(recipients.size() == 3);
  CHECK(recipients[1].mailbox.to_string() == "b@there.example");
  CHECK(recipients[2].mailbox == mxpress::proto::malformed_recipient("n/a@"));
  CHECK(recipients[2].notify.failure);
  CHECK(all[1].message.envelope.recipients.size() == 3);
  for (const std::vector<std::string>& bad : {std::vector<std::string>{"n/a@"}, {"a b@there.example", "@there.example"}})
    CHECK(house.sendmail(bad, "x\n").code == 65);
  CHECK(house.sendmail({"-t"}, "To: n/a@\nCc: \"open <a@there.example>\n\nx\n").code == 65);
  CHECK(house.spool.kept().size() == 2);
}

TEST_CASE("sendmail: a sender in brackets, with a name or with a comment is that address") {
  IntakeHouse house;
  for (const std::vector<std::string>& form :
       {std::vector<std::string>{"-f", "<a@b.example>"}, {"-fName <a@b.example>"}, {"-r", "a@b.example (comment)"}}) {
    auto arguments = form;
    arguments.push_back("you@there.example");
    REQUIRE(house.sendmail(arguments, "Subject: x\n\nx\n").code == 0);
    CHECK(house.spool.kept().back().message.envelope.reverse_path.to_string() == "a@b.example");
    CHECK(house.spool.kept().back().content.find("<a@b.example>\r\n") != std::string::npos);
  }
}

TEST_CASE("sendmail: the domain in From, envelope and Message-ID is the daemon's, by socket and by drop folder") {
  IntakeHouse house;
  REQUIRE(house.sendmail({"-F", "Joe Doe", "-f", "joe", "you@there.example"}, "Subject: x\n\nx\n").code == 0);
  const std::string content = house.spool.kept().back().content;
  CHECK(content.find("\r\nFrom: Joe Doe <joe@mx.example>\r\n") != std::string::npos);
  CHECK(content.find("@mx.example>\r\n") != std::string::npos);
  house.close();
  REQUIRE(house.sendmail({"-F", "Joe Doe", "-f", "joe", "you@there.example"}, "Subject: x\n\nx\n").code == 0);
  const auto file = boost::filesystem::directory_iterator(house.base.drop_directory())->path();
  std::ostringstream left;
  left << std::ifstream(file.string()).rdbuf();
  CHECK(left.str().find("\r\nFrom: Joe Doe <joe>\r\n") != std::string::npos);  // the daemon completes it
}

TEST_CASE("sendmail: text right behind the header is body, and no address in it gets the mail") {
  IntakeHouse house;
  const std::string header = "From: me@here.example\nTo: you@there.example\nSubject: s\n";
  for (const char* body :
       {"Hello all,\nCc: third@there.example\nis the address.\n", "-- \nTo: third@there.example\n", "* Cc: a\nBcc : third@there.example\n",
        "see below:\n\nResent-To: third@there.example\n", "\xc3\x84: x\nCc: third@there.example\n"}) {
    CAPTURE(body);
    REQUIRE(house.sendmail({"-t"}, header + body).code == 0);
    const auto all = house.spool.kept();
    const auto& kept = all.back();
    CHECK(kept.message.envelope.recipients.size() == 1);
    const auto at = kept.content.find("\r\nSubject: s\r\n\r\n");
    REQUIRE(at != std::string::npos);
    const std::string first_line(body, std::string(body).find('\n'));
    CHECK(kept.content.substr(at + 16).starts_with(first_line + "\r\n"));
    CHECK(kept.content.find("Bcc") == std::string::npos);
  }
}

TEST_CASE("sendmail: -t reads no recipients from what is no header") {
  IntakeHouse house;
  CHECK(house.sendmail({"-t"}, "\nTo: you@there.example\n\nx\n").code == 64);
  CHECK(house.sendmail({"-t"}, "no field\nTo: you@there.example\nBcc: secret@there.example\n\nx\n").code == 64);
  CHECK(house.spool.kept().empty());
}

TEST_CASE("sendmail: a daemon that goes away before the content is down; one that does so later may have the only copy") {
  IntakeHouse house;
  house.close();
  const auto path = house.base.listen.submission_socket;
  const auto send = [&](std::vector<std::string> replies) {
    DyingDaemon daemon(path.string(), std::move(replies));
    return house.sendmail({"you@there.example"}, "x\n");
  };
  const auto is_left = [&] { return !boost::filesystem::is_empty(house.base.drop_directory()); };
  SECTION("at MAIL") {
    CHECK(send({"220 here\r\n"}).code == 0);
    CHECK(is_left());
  }
  SECTION("at DATA, with a word") {
    CHECK(send({"220 here\r\n", "250 ok\r\n250 ok\r\n", "421 4.3.2 going\r\n"}).code == 0);
    CHECK(is_left());
  }
  SECTION("a refusal is the daemon's word") {
    CHECK(send({"220 here\r\n", "452 4.3.1 full\r\n452 4.3.1 full\r\n"}).code == 75);
    CHECK_FALSE(is_left());
  }
  SECTION("after the dot") {
    const auto result = send({"220 here\r\n", "250 ok\r\n250 ok\r\n", "354 go\r\n", ""});
    CHECK(result.code == 75);
    CHECK(result.errors.find("may or may not be sent") != std::string::npos);
    CHECK_FALSE(is_left());
  }
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
  CHECK(boost::filesystem::is_empty(house.base.drop_directory()));  // a message that the daemon refuses is not left in the drop folder
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

TEST_CASE("sendmail: lists in one argument, several To fields and empty addresses reach everybody, and leave as one field") {
  IntakeHouse house;
  const std::string fields = "To: a@there.example,\nTo: b@there.example,\nTo: root,\nCc: carl,,\nSubject: s\n\nx\n";
  REQUIRE(house.sendmail({"-t"}, fields).code == 0);
  REQUIRE(house.sendmail({"a@there.example,b@there.example, Name <c@there.example>,,"}, "Subject: s\n\nx\n").code == 0);
  const auto kept = house.spool.kept();
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].message.envelope.recipients.size() == 4);
  CHECK(behind(kept[0].content, "To:") ==
        "To: a@there.example,\r\n b@there.example,\r\n root@mx.example\r\nCc: carl@mx.example,,\r\nSubject: s\r\n\r\nx\r\n");
  CHECK(kept[1].message.envelope.recipients.size() == 3);
}

TEST_CASE("sendmail: who the sender is comes from the kernel, not from the environment; a subject of cron may be long") {
  IntakeHouse house;
  const std::string subject = "Cron <root@box> " + std::string(1000, 'x');
  const auto result = mxpress::testing::run_program(
      {mxpress::testing::program("sendmail"), "-i", "you@there.example"}, "Subject: " + subject + "\n\nx\n",
      {"MXPRESS_CONFIG=" + (house.folder.path() / "mxpress.toml").string(), "HOME=/nowhere", "USER=evil", "LOGNAME=evil"});
  INFO(result.errors);
  const auto kept = house.spool.kept();
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].content.find("evil") == std::string::npos);
  CHECK(kept[0].message.envelope.reverse_path.to_string().find("evil") == std::string::npos);
  CHECK(kept[0].message.envelope.has_long_lines);
}
