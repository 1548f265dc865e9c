// mxpress send as a program, at a daemon whose spool is in memory.
#include <sys/stat.h>

#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "proto/header.h"
#include "tests/support/composing.h"

using mxpress::testing::Desk;
using mxpress::testing::IntakeHouse;
using mxpress::testing::program;
using mxpress::testing::ProgramResult;
using mxpress::testing::run_program;

namespace {

ProgramResult send(const IntakeHouse& house, std::vector<std::string> arguments, const std::string& input = {}) {
  arguments.insert(arguments.begin(), program("mxpress-send"));
  return run_program(std::move(arguments), input, {"MXPRESS_CONFIG=" + (house.folder.path() / "mxpress.toml").string()});
}

mxpress::testing::KeptMessage last_of(const IntakeHouse& house) {
  REQUIRE_FALSE(house.spool.kept().empty());
  return std::move(house.spool.kept().back());
}

std::string recipients_of(const mxpress::testing::KeptMessage& kept) {
  std::string addresses;
  for (const auto& recipient : kept.message.envelope.recipients) addresses += recipient.mailbox.to_string() + " ";
  return addresses;
}

void check_refused(const IntakeHouse& house, const ProgramResult& result, int code, const std::string& why) {
  CAPTURE(result.errors);
  CHECK(result.code == code);
  CHECK(result.output.empty());
  CHECK(result.errors.starts_with("mxpress send: "));
  CHECK(result.errors.find(why) != std::string::npos);
  CHECK(house.spool.kept().empty());
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("mxpress send: hands the message in as sendmail does, and prints its queue id") {
  IntakeHouse house;
  const Desk desk;
  const auto result = send(house,
                           {"--from", "Me <me@here.example>", "--to", "You <you@there.example>, b@b.example", "--cc", "c@c.example",
                            "--bcc", "secret@there.example", "--subject", "Grüße", "--text", "-", "--attach", desk.file("a.bin", "x")},
                           "Hello\n.\nmore\n");
  CHECK(result.errors.empty());
  REQUIRE(result.code == 0);
  const auto kept = last_of(house);
  CHECK(result.output == "queued as " + kept.id.to_string() + "\n");
  CHECK(kept.message.envelope.reverse_path.to_string() == "me@here.example");
  CHECK(recipients_of(kept) == "you@there.example b@b.example c@c.example secret@there.example ");
  CHECK(has(kept.content, "To: You <you@there.example>, b@b.example\r\n"));
  CHECK(has(kept.content, "Hello\r\n.\r\nmore\r\n"));
  CHECK_FALSE(has(kept.content, "secret"));
  CHECK_FALSE(has(kept.content, "Bcc"));
}

TEST_CASE("mxpress send: a recipient who is named twice gets one copy, and a local name its domain") {
  IntakeHouse house;
  const auto result =
      send(house, {"--from", "me@here.example", "--to", "root, you@there.example", "--bcc", "you@there.example", "--text", "-"}, "x\n");
  REQUIRE(result.code == 0);
  CHECK(recipients_of(last_of(house)) == "root@mx.example you@there.example ");
  CHECK(has(last_of(house).content, "To: root@mx.example, you@there.example\r\n"));
}

TEST_CASE("mxpress send: without --from the caller is the author") {
  IntakeHouse house;
  REQUIRE(send(house, {"--to", "you@there.example", "--text", "-"}, "x\n").code == 0);
  const std::string sender = last_of(house).message.envelope.reverse_path.to_string();
  CHECK(sender.ends_with("@mx.example"));
  CHECK(has(last_of(house).content, sender));
  CHECK(has(last_of(house).content, "Message-ID: <"));
}

TEST_CASE("mxpress send: mxpress hands its arguments on, with the file of -c") {
  IntakeHouse house;
  const std::string file = (house.folder.path() / "mxpress.toml").string();
  const auto result =
      run_program({program("mxpress"), "-c", file, "send", "--from", "me@here.example", "--to", "you@there.example", "--text", "-"}, "x\n");
  CHECK(result.errors.empty());
  CHECK(result.code == 0);
  CHECK(house.spool.kept().size() == 1);
  CHECK(has(run_program({program("mxpress"), "--json", "send"}, "").errors, "only -c FILE may stand in front of send"));
}

TEST_CASE("mxpress send: where the program is missing, mxpress names its package") {
  const Desk desk;
  boost::filesystem::copy_file(program("mxpress"), desk.path("mxpress"));
  const auto result = run_program({desk.path("mxpress"), "send", "--to", "you@there.example"}, "");
  CHECK(result.code == 5);
  CHECK(has(result.errors, "it is in the package mxpress-send"));
}

TEST_CASE("mxpress send: without the daemon the message waits in the drop folder") {
  IntakeHouse house;
  house.close();
  const auto result = send(house, {"--to", "you@there.example", "--text", "-"}, "x\n");
  CHECK(result.code == 0);
  CHECK(has(result.output, "left in " + house.base.drop_directory().string()));
  CHECK_FALSE(boost::filesystem::is_empty(house.base.drop_directory()));
}

TEST_CASE("mxpress send: a message over max_message_size is refused before its files are read, with both sizes") {
  IntakeHouse house([](mxpress::mta::Config& config) { config.max_message_size = 1'000'000; });
  const Desk desk;
  const std::string large = desk.file("large.bin", std::string(800'000, 'x'));
  check_refused(house, send(house, {"--to", "you@there.example", "--attach", large}), 65,
                "the message would have 1.1 MB, and this host takes at most 1.0 MB (max_message_size); large.bin (800.0 kB)");
  CHECK(send(house, {"--to", "you@there.example", "--attach", desk.file("small.bin", std::string(700'000, 'x'))}).code == 0);
}

TEST_CASE("mxpress send: warns above 25 MB, and says nothing of progress where there is no terminal") {
  IntakeHouse house;
  const Desk desk;
  const auto result = send(house, {"--to", "you@there.example", "--attach", desk.file("large.bin", std::string(20'000'000, 'x'))});
  CHECK(result.code == 0);
  CHECK(result.errors == "mxpress send: warning: the message has 27.4 MB; many mail hosts take at most 25 MB\n");
  CHECK(send(house, {"--to", "you@there.example", "--attach", desk.file("small.bin", std::string(19'000'000, 'x'))}).errors.empty());
}

TEST_CASE("mxpress send: files that cannot be sent are refused with exit code 66") {
  IntakeHouse house;
  const Desk desk;
  REQUIRE(::mkfifo(desk.path("pipe").c_str(), 0600) == 0);
  const auto attach = [&](const std::string& path) {
    return send(house, {"--to", "you@there.example", "--text", "-", "--attach", path}, "x\n");
  };
  check_refused(house, attach(desk.path("pipe")), 66, "is a FIFO");
  check_refused(house, attach(desk.path(".")), 66, "is a folder");
  check_refused(house, attach("/dev/zero"), 66, "is a device");
  check_refused(house, attach(desk.path("missing")), 66, "No such file or directory");
  check_refused(house, send(house, {"--to", "you@there.example", "--text", desk.path("missing")}), 66, "No such file or directory");
  check_refused(house, send(house, {"--to", "you@there.example", "--html", desk.path("pipe")}), 66, "is a FIFO");
}

TEST_CASE("mxpress send: wrong addresses are named, and no header can be injected") {
  IntakeHouse house;
  const auto with = [&](const std::string& option, const std::string& value) {
    return send(house, {"--from", "me@here.example", "--to", "you@there.example", "--text", "-", option, value}, "x\n");
  };
  check_refused(house, with("--to", "c@@d"), 65, "--to: \"c@@d\" is not a mail address");
  check_refused(house, with("--cc", "x@y.example\nBcc: evil@there.example"), 65, "--cc: ");
  check_refused(house, with("--bcc", "a b c"), 65, "--bcc: ");
  check_refused(house, with("--reply-to", "x\r\ny"), 65, "--reply-to: ");
  check_refused(house, with("--subject", "a\nBcc: evil@there.example"), 65, "--subject has a line end");
  check_refused(house, with("--header", "X: a\nBcc: evil@there.example"), 65, "--header has a line end");
  check_refused(house, with("--header", "Bcc: evil@there.example"), 65, "say --bcc");
  check_refused(house, with("--in-reply-to", "a@b>\nBcc: c"), 65, "--in-reply-to: ");
  check_refused(house, send(house, {"--from", "a@b.example, c@d.example", "--to", "you@there.example", "--text", "-"}, "x\n"), 64,
                "--from takes one address");
  check_refused(house, send(house, {"--text", "-"}, "x\n"), 64, "no recipients");
}

TEST_CASE("mxpress send: a text that is none is refused, an empty one is sent") {
  IntakeHouse house;
  check_refused(house, send(house, {"--to", "you@there.example", "--text", "-"}, std::string("a\0b", 3)), 65,
                "standard input has NUL octets");
  check_refused(house, send(house, {"--to", "you@there.example", "--text", "-"}, "M\xFCller"), 65, "standard input is not UTF-8");
  const Desk desk;
  REQUIRE(send(house, {"--to", "you@there.example", "--text", "-", "--attach", desk.file("empty", "")}).code == 0);
  CHECK(has(last_of(house).content, "filename=empty"));
}

TEST_CASE("mxpress send: inline files need names that HTML can refer to, each of them once") {
  IntakeHouse house;
  const Desk desk;
  const std::string html = desk.file("h.html", "<p>\n");
  check_refused(house, send(house, {"--to", "you@there.example", "--html", html, "--inline", desk.file("é.png", "x")}), 65,
                "cannot refer to this name");
  const std::string logo = desk.file("logo.png", "x");
  check_refused(house, send(house, {"--to", "you@there.example", "--html", html, "--inline", logo, logo}), 65,
                "two files are called logo.png");
}

TEST_CASE("mxpress send: what the daemon refuses ends with its reason") {
  IntakeHouse house;
  house.spool.cannot_append = mxpress::Error::transient("disk full");
  const Desk desk;
  const auto result = send(house, {"--to", "you@there.example", "--attach", desk.file("a.bin", std::string(2'000'000, 'x'))});
  check_refused(house, result, 75, "mxpressd says: 4");
}
