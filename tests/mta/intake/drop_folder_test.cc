// The drop folder: messages of sendmail are taken in once, and nothing else is trusted.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "mta/intake/drop_folder.h"
#include "mta/intake/drop_session.h"
#include "mta/routing/alias_watch.h"
#include "mta/system/log.h"
#include "mta/system/log_limit.h"
#include "mta/system/user_lookup.h"
#include "proto/header.h"
#include "tests/support/server_house.h"

namespace fs = boost::filesystem;
using mxpress::testing::FakeDeliverer;
using mxpress::testing::FakeSpool;
using mxpress::testing::ScratchFolder;

namespace {

const std::string kName = "0123456789abcdef0123456789abcdef";
const std::string kMessage =
    "MAIL FROM:<root>\r\nRCPT TO:<you@there.example>\r\nRCPT TO:<admin>\r\nDATA\r\nSubject: dropped\r\n\r\n..dot\r\n.\r\n";

void note_line(const mxpress::mta::LogLine& line, void* context) {
  static_cast<std::vector<std::string>*>(context)->push_back(line.text());
}

struct Folder {
  Folder() {
    mxpress::mta::Config base;
    base.hostname = "mx.example";
    base.local_domains = {mxpress::proto::Domain::parse("mx.example").value()};
    base.spool_directory = scratch.path();
    base.max_message_size = 10'000;
    path = base.drop_directory();
    fs::create_directories(path);
    config = std::make_unique<mxpress::mta::CurrentConfig>(base);
    context.reset(new mxpress::mta::intake::Context{
        *config, spool, events.hub(),
        [this](mxpress::queue::QueueId id, const mxpress::proto::Envelope& envelope) { deliverer.admit(id, envelope); }});
    drop = std::make_unique<mxpress::mta::intake::DropFolder>(*context);
    mxpress::mta::capture_log(note_line, &log);
  }
  ~Folder() { mxpress::mta::capture_log(nullptr, nullptr); }

  fs::path put(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return path / name;
  }
  bool is_empty() const { return fs::is_empty(path); }
  std::size_t aside() const {
    const fs::path refused = scratch.path() / "drop-refused";
    return fs::exists(refused) ? static_cast<std::size_t>(std::distance(fs::directory_iterator(refused), fs::directory_iterator())) : 0;
  }

  ScratchFolder scratch;
  FakeSpool spool;
  mxpress::testing::LoggingHub events;
  FakeDeliverer deliverer;
  fs::path path;
  std::unique_ptr<mxpress::mta::CurrentConfig> config;
  std::unique_ptr<mxpress::mta::intake::Context> context;
  std::unique_ptr<mxpress::mta::intake::DropFolder> drop;
  std::vector<std::string> log;
};

mxpress::mta::intake::DropVerdict take_file(mxpress::mta::intake::Context& context, mxpress::mta::system::Descriptor file,
                                            std::uint64_t size, mxpress::mta::intake::Entrance entrance) {
  mxpress::asio::io_context io(1);
  mxpress::mta::intake::DropVerdict verdict;
  mxpress::asio::co_spawn(io, mxpress::mta::intake::take_drop_file(context, std::move(file), size, std::move(entrance)),
                          [&](std::exception_ptr, mxpress::mta::intake::DropVerdict found) { verdict = std::move(found); });
  io.run();
  return verdict;
}

}  // namespace

TEST_CASE("drop folder: a message is stored with its name and its owner, completed, and unlinked") {
  Folder folder;
  const fs::path file = folder.put(kName, kMessage);
  if (::geteuid() == 0) REQUIRE(::chown(file.c_str(), 4321, 4321) == 0);
  folder.drop->scan();
  CHECK(folder.is_empty());
  const auto kept = folder.spool.kept();
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].message.drop_name == kName + "-" + std::to_string(kept[0].message.envelope.submitter.uid));
  const auto& envelope = kept[0].message.envelope;
  CHECK(envelope.submitter.entrance == "drop");
  CHECK(envelope.submitter.uid == (::geteuid() == 0 ? 4321 : ::geteuid()));
  CHECK(envelope.reverse_path.to_string() == "root@mx.example");
  REQUIRE(envelope.recipients.size() == 2);
  CHECK(envelope.recipients[1].mailbox.to_string() == "admin@mx.example");
  CHECK(kept[0].content.find("From: root@mx.example\r\n") != std::string::npos);
  CHECK(kept[0].content.ends_with("Subject: dropped\r\n\r\n.dot\r\n"));
  CHECK(folder.deliverer.admitted().size() == 1);
}

TEST_CASE("drop folder: a file that comes back after a crash is stored and delivered once") {
  Folder folder;
  folder.put(kName, kMessage);
  folder.drop->scan();
  folder.put(kName, kMessage);
  mxpress::mta::intake::DropFolder(*folder.context).scan();
  CHECK(folder.is_empty());
  CHECK(folder.spool.kept().size() == 1);
  CHECK(folder.deliverer.admitted().size() == 1);
}

TEST_CASE("drop folder: a file of another user takes nobody's name away") {
  if (::geteuid() != 0) {
    WARN("only root can make files of others: not tested");
    return;
  }
  Folder folder;
  REQUIRE(::chown(folder.put(kName, "MAIL FROM:<x@y.example>\r\nRCPT TO:<z@y.example>\r\nDATA\r\n\r\n.\r\n").c_str(), 4321, 4321) == 0);
  folder.drop->scan();
  REQUIRE(::chown(folder.put(kName, kMessage).c_str(), 4322, 4322) == 0);
  folder.drop->scan();
  const auto kept = folder.spool.kept();
  REQUIRE(kept.size() == 2);
  CHECK(kept[1].message.envelope.submitter.uid == 4322);
}

TEST_CASE("drop folder: a file that cannot be read just now is not refused for good") {
  Folder folder;
  const fs::path file = folder.put(kName, kMessage);
  mxpress::mta::system::Descriptor unreadable(::open(file.c_str(), O_WRONLY | O_CLOEXEC));  // read() fails as on a bad disk
  mxpress::mta::intake::Entrance entrance;
  entrance.submitter.entrance = "drop";
  const auto verdict = take_file(*folder.context, std::move(unreadable), kMessage.size(), std::move(entrance)).reply;
  CHECK(verdict.code == 451);
  CHECK(folder.spool.kept().empty());
}

TEST_CASE("drop folder: while the spool is full the file stays, and is taken in later") {
  Folder folder;
  folder.put(kName, kMessage);
  SECTION("no room") { folder.spool.no_room = mxpress::Error::transient("disk full"); }
  SECTION("not stored") { folder.spool.cannot_store = mxpress::Error::transient("I/O error"); }
  folder.drop->scan();
  CHECK_FALSE(folder.is_empty());
  CHECK(folder.spool.kept().empty());
  folder.spool.no_room.reset();
  folder.spool.cannot_store.reset();
  folder.drop->scan();
  CHECK(folder.is_empty());
  CHECK(folder.spool.kept().size() == 1);
}

TEST_CASE("drop folder: links, FIFOs, folders and odd names are no messages") {
  Folder folder;
  const fs::path secret = folder.scratch.path() / "secret";
  std::ofstream(secret) << kMessage;
  SECTION("symbolic link") { fs::create_symlink(secret, folder.path / kName); }
  SECTION("dangling symbolic link") { fs::create_symlink("nowhere", folder.path / kName); }
  SECTION("hard link") { fs::create_hard_link(secret, folder.path / kName); }
  SECTION("FIFO") { REQUIRE(::mkfifo((folder.path / kName).c_str(), 0666) == 0); }
  SECTION("folder") { fs::create_directory(folder.path / kName); }
  SECTION("folder that is not empty") { fs::create_directories(folder.path / kName / "more"); }
  SECTION("odd name") { folder.put("message", kMessage); }
  SECTION("name with control characters") { folder.put("\x1b[2J\n", kMessage); }
  folder.drop->scan();
  CHECK(folder.spool.kept().empty());
  CHECK(folder.is_empty());
  CHECK(folder.aside() == 1);
  REQUIRE(folder.log.size() == 1);
  CHECK(folder.log[0].find_first_of("\x1b\n") == std::string::npos);
  CHECK(fs::exists(secret));
  folder.drop->scan();
  CHECK(folder.log.size() == 1);  // nothing is looked at twice
}

TEST_CASE("drop folder: the files of one owner cause thirty lines and a count") {
  Folder folder;
  for (int i = 0; i < 150; ++i) folder.put("odd" + std::to_string(i), "");
  folder.drop->scan();
  CHECK(folder.log.size() == 30);
  mxpress::mta::log_all_repeats();
  std::uint64_t counted = 0;
  for (std::size_t i = 30; i < folder.log.size(); ++i) {
    const auto at = folder.log[i].find(" count=");
    REQUIRE(at != std::string::npos);
    counted += std::stoul(folder.log[i].substr(at + 7));
  }
  CHECK(counted == 120);
}

TEST_CASE("drop folder: what is refused for good is put aside, and does not stop the others") {
  Folder folder;
  std::string text;
  SECTION("empty") { text = ""; }
  SECTION("no SMTP") { text = std::string(100'000, '\xff'); }
  SECTION("no final dot") { text = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nhalf\r\n"; }
  SECTION("bare line ends") { text = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nhalf\n.\r\n.\r\n"; }
  SECTION("no recipient") { text = "MAIL FROM:<a@b.example>\r\nDATA\r\nhalf\r\n.\r\n"; }
  SECTION("a recipient that is none") { text = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nRCPT TO:<c d>\r\nDATA\r\n\r\n.\r\n"; }
  folder.put("ffffffffffffffffffffffffffffffff", text);
  folder.put(kName, kMessage);
  folder.drop->scan();
  CHECK(folder.is_empty());
  CHECK(folder.aside() == 1);
  REQUIRE(folder.spool.kept().size() == 1);
  CHECK(folder.spool.kept()[0].message.drop_name.starts_with(kName));
}

TEST_CASE("drop folder: a message over a limit is returned to its sender, for sendmail has ended well") {
  Folder folder;
  auto settings = *folder.config->get();
  std::string content, status;
  SECTION("too big") {
    content = "\r\n" + std::string(20'000, 'x') + "\r\n";
    status = "5.3.4";
  }
  SECTION("with too much header") {
    settings.max_message_size = 10'000'000;
    while (content.size() <= mxpress::proto::kMaxHeader) content += "X-Filler: " + std::string(900, 'x') + "\r\n";
    status = "5.3.4";
  }
  SECTION("in a loop") {
    for (int hop = 0; hop < 101; ++hop) content += "Received: from here by there\r\n";
    status = "5.4.6";
  }
  folder.config->set(settings);
  folder.put(kName, "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n" + content + ".\r\n");
  folder.drop->scan();
  CHECK(folder.is_empty());
  CHECK(folder.aside() == 0);
  CHECK(folder.deliverer.admitted().empty());
  REQUIRE(folder.spool.kept().size() == 1);
  const auto returned = folder.deliverer.given_back();
  REQUIRE(returned.size() == 1);
  CHECK(returned[0].first == folder.spool.kept()[0].id);
  CHECK(returned[0].second.status.to_string() == status);
}

TEST_CASE("drop folder: who may not send as an author gets the message back") {
  Folder folder;
  const bool is_root = ::geteuid() == 0;
  const uid_t user = is_root ? 4001 : ::geteuid();
  auto settings = *folder.config->get();
  settings.senders["boss@here.example"].users = {{{}, user + 1}};
  folder.config->set(settings);
  const auto file =
      folder.put(kName, "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nFrom: boss@here.example\r\n\r\nx\r\n.\r\n");
  if (is_root) REQUIRE(::chown(file.c_str(), user, static_cast<gid_t>(-1)) == 0);
  folder.drop->scan();
  CHECK(folder.is_empty());
  CHECK(folder.deliverer.admitted().empty());
  const auto returned = folder.deliverer.given_back();
  REQUIRE(returned.size() == 1);
  CHECK(returned[0].second.status.to_string() == "5.7.1");
  CHECK_THAT(returned[0].second.text, Catch::Contains("may not send as boss@here.example"));
  CHECK(folder.spool.kept()[0].message.envelope.refused.text == returned[0].second.text);  // the message's one record says it
  CHECK(folder.spool.kept()[0].message.envelope.ret == mxpress::proto::Return::headers);
}

TEST_CASE("drop folder: a file that was made elsewhere and moved here is put aside: its owner may not be who sends it") {
  if (::geteuid() != 0) return;  // only root may give files away
  Folder folder;
  REQUIRE(::chown(folder.path.c_str(), static_cast<uid_t>(-1), 4321) == 0);
  REQUIRE(::chmod(folder.path.c_str(), 03733) == 0);
  const auto made_here = folder.put(kName, kMessage);
  REQUIRE(::chown(made_here.c_str(), 4001, static_cast<gid_t>(-1)) == 0);
  folder.drop->scan();
  CHECK(folder.deliverer.admitted().size() == 1);
  CHECK(folder.aside() == 0);
  const auto elsewhere = folder.scratch.path() / "elsewhere";
  std::ofstream(elsewhere) << kMessage;
  REQUIRE(::chown(elsewhere.c_str(), 4001, 4001) == 0);
  fs::rename(elsewhere, folder.path / kName);
  folder.drop->scan();
  CHECK(folder.deliverer.admitted().size() == 1);
  CHECK(folder.aside() == 1);
}

TEST_CASE("drop folder: Bcc leaves no message, wherever it stands and however the header ends") {
  std::string filler;
  while (filler.size() < 300'000) filler += "X-Filler: " + std::string(900, 'x') + "\r\n";
  for (const std::string& front : {std::string(), filler, std::string("no field\r\n"), std::string("From me Thu Jan 1\r\n\vX: y\r\n")}) {
    Folder folder;
    auto settings = *folder.config->get();
    settings.max_message_size = 1'000'000;
    folder.config->set(settings);
    const std::string content = front + "bcc: secret@d.example\r\nResent-Bcc : secret@d.example\r\nSubject: x\r\n\r\nbody\r\n";
    folder.put(kName, "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n" + content + ".\r\n");
    folder.drop->scan();
    REQUIRE(folder.spool.kept().size() == 1);
    CHECK(folder.spool.kept()[0].content.find("secret") == std::string::npos);
    CHECK(folder.spool.kept()[0].content.ends_with("Subject: x\r\n\r\nbody\r\n"));
  }
}

TEST_CASE("drop folder: a message of just the size that is allowed is delivered") {
  Folder folder;
  const std::string line(98, 'x');
  std::string content = "\r\n" + std::string(96, 'x') + "\r\n";
  for (int i = 1; i < 100; ++i) content += line + "\r\n";
  REQUIRE(content.size() == 10'000);
  folder.put(kName, "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n" + content + ".\r\n");
  folder.drop->scan();
  CHECK(folder.deliverer.given_back().empty());
  CHECK(folder.deliverer.admitted().size() == 1);
}

TEST_CASE(
    "drop folder: a message with more recipients than one may have goes to none, is kept with as many, and is returned to its sender") {
  const auto count = GENERATE(100, 101, 5000);
  Folder folder;
  auto settings = *folder.config->get();
  settings.max_recipients = 100;
  folder.config->set(settings);
  std::string commands = "MAIL FROM:<a@b.example>\r\n";
  for (int i = 0; i < count; ++i) commands += "RCPT TO:<u" + std::to_string(i) + "@d.example>\r\n";
  folder.put(kName, commands + "DATA\r\n\r\n.\r\n");
  folder.drop->scan();
  REQUIRE(folder.spool.kept().size() == 1);
  CHECK(folder.spool.kept()[0].message.envelope.recipients.size() == 100);
  CHECK(folder.is_empty());
  CHECK(folder.log.size() <= 2);
  const auto returned = folder.deliverer.given_back();
  CHECK(folder.deliverer.admitted().size() == (count == 100 ? 1 : 0));
  REQUIRE(returned.size() == (count == 100 ? 0 : 1));
  if (count == 100) return;
  CHECK(returned[0].second.status.to_string() == "5.5.3");
  CHECK(returned[0].second.text.starts_with(std::to_string(count) + " recipients are too many"));
}

TEST_CASE("drop folder: of two messages in a file only the first counts") {
  Folder folder;
  folder.put(kName, kMessage + kMessage);
  folder.drop->scan();
  CHECK(folder.is_empty());
  CHECK(folder.spool.kept().size() == 1);
}

TEST_CASE("drop folder: no more than a hundred refused files are kept") {
  Folder folder;
  for (int i = 0; i < 130; ++i) folder.put("odd" + std::to_string(i), "x");
  folder.drop->scan();
  CHECK(folder.is_empty());
  CHECK(folder.aside() == 100);
}

TEST_CASE("drop folder: what may be mail is not removed when a hundred refused files are kept") {
  Folder folder;
  for (int i = 0; i < 130; ++i) folder.put("odd" + std::to_string(i), "x");
  folder.drop->scan();
  const fs::path letter = folder.put(kName, "MAIL FROM:<a@b.example>\r\nRCPT TO:<c d>\r\nDATA\r\n\r\n.\r\n");
  folder.drop->scan();
  CHECK(fs::exists(letter));
}

TEST_CASE("drop folder: a file that is still being written is left alone for a day") {
  Folder folder;
  const fs::path young = folder.put(kName + ".part", "MAIL"), old = folder.put("ffffffffffffffffffffffffffffffff.part", "MAIL");
  fs::last_write_time(old, ::time(nullptr) - 25 * 3600);
  folder.drop->scan();
  CHECK(fs::exists(young));
  CHECK_FALSE(fs::exists(old));
  CHECK(folder.spool.kept().empty());
}

TEST_CASE("drop folder: of one owner a thousand files are dealt with in a second, and the others stay for the next round") {
  Folder folder;
  constexpr std::size_t kFiles = mxpress::mta::intake::DropShares::kOfOneOwner + 10;
  for (std::size_t i = 0; i < kFiles; ++i) folder.put("odd" + std::to_string(i), "x");
  folder.drop->scan();
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) <= 10);
  CHECK(folder.aside() == 100);
}

TEST_CASE("drop folder: a file of commands uses up its owner's share by their number, and the next file is another owner's") {
  using mxpress::mta::intake::DropShares;
  if (::geteuid() != 0) return;  // only root may give files away
  Folder folder;
  std::string commands;
  for (std::size_t i = 0; i < 10 * DropShares::kOfOneOwner * DropShares::kWorkOfUnit; ++i) commands += "RSET\r\n";
  REQUIRE(commands.size() < DropShares::kOfOneOwner * DropShares::kOctetsOfUnit / 4);  // not by its size
  const auto put_as = [&folder](uid_t owner, const std::string& name, const std::string& text) {
    REQUIRE(::chown(folder.put(name, text).c_str(), owner, owner) == 0);
  };
  for (char digit : std::string("12345")) put_as(4321, std::string(32, digit), commands);
  put_as(4322, std::string(32, 'e'), kMessage);
  folder.drop->scan();
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 4);
  CHECK(folder.spool.kept().size() == 1);
}

TEST_CASE("drop folder: a file whose commands convert domains without end is refused after a bounded part of it") {
  std::string domain = "\xC3\xBC";
  while (domain.size() < 90) domain += ".\xC3\xBC";
  std::string text = "MAIL FROM:<root>\r\n";
  while (text.size() < 2'000'000) text += "RCPT TO:<u@" + domain + ">\r\n";
  Folder folder;
  const fs::path path = folder.put(kName, text + "DATA\r\nx\r\n.\r\n");
  const auto [verdict, work] =
      take_file(*folder.context, mxpress::mta::system::Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), fs::file_size(path), {});
  CHECK(verdict.code == 552);
  CHECK(work > 256 * 1024);
  CHECK(work < 270'000);
  folder.drop->scan();
  CHECK(folder.aside() == 1);
  CHECK(folder.spool.kept().empty());
}

TEST_CASE("drop folder: small files are taken in at a time, so that they share a sync, in turns of their owners") {
  if (::geteuid() != 0) return;  // only root may give files away
  Folder folder;
  std::vector<std::int64_t> owners, left;
  folder.spool.on_store = [&](const mxpress::queue::NewMessage& message) {
    owners.push_back(message.envelope.submitter.uid);
    left.push_back(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()));
  };
  for (int i = 0; i < 100; ++i) {
    std::string name = std::string(32, '0') + std::to_string(i);
    REQUIRE(::chown(folder.put(name.substr(name.size() - 32), kMessage).c_str(), 4321, 4321) == 0);
  }
  REQUIRE(::chown(folder.put(std::string(32, 'f'), kMessage).c_str(), 4322, 4322) == 0);
  folder.drop->scan();
  CHECK(folder.spool.kept().size() == 101);
  CHECK(folder.is_empty());
  REQUIRE(owners.size() == 101);
  CHECK(left[31] == 101);  // none of them has been told that it is durable
  CHECK(left[32] == 69);
  CHECK(std::find(owners.begin(), owners.end(), 4322) < owners.begin() + 2);
}

TEST_CASE("drop folder: a round looks at each name once, in pieces, and takes no more where it is told to stop") {
  Folder folder;
  for (int i = 0; i < 20; ++i) folder.put("file" + std::to_string(i), "x");
  mxpress::mta::intake::DropRound round(folder.path);
  std::multiset<std::string> seen;
  bool ended = false;
  for (int pieces = 0; !ended && pieces < 100; ++pieces)
    ended = round.go_on([&](const std::string& name, int) {
      seen.insert(name);
      return seen.size() % 7 != 0;
    });
  CHECK(ended);
  CHECK(seen.size() == 20);
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 20);
}

TEST_CASE("drop folder: renames of what is no message cause no look at the folder") {
  Folder folder;
  mxpress::mta::intake::DropWatch watch(folder.path);
  folder.put("one.part", "x");
  std::vector<std::string> named;
  for (int i = 0; i < 10; ++i)
    fs::rename(folder.path / (i % 2 == 0 ? "one.part" : "two.part"), folder.path / (i % 2 == 0 ? "two.part" : "one.part"));
  CHECK(watch.read([&](const std::string& name) { named.push_back(name); }));
  CHECK(named.size() == 10);
  CHECK(watch.read([&](const std::string&) { FAIL("told twice"); }));
}

TEST_CASE("drop folder: the thread takes in what was there before it started and what comes later") {
  Folder folder;
  folder.put(kName, kMessage);
  REQUIRE(folder.drop->start());
  const std::string later = "ffffffffffffffffffffffffffffffff";
  folder.put(later + ".part", kMessage);
  fs::rename(folder.path / (later + ".part"), folder.path / later);
  CHECK(folder.spool.wait_for(2));
  folder.drop->stop();
}

TEST_CASE("drop folder: a file that its owner goes on writing to is read only as far as it was looked at") {
  Folder folder;
  std::string more;
  for (int i = 0; i < 1000; ++i) more += "NOOP\r\n";
  const std::string unfinished = kMessage.substr(0, kMessage.size() - 3);
  const fs::path file = folder.put(kName, unfinished + ".\r\n" + more);
  mxpress::mta::system::Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  const auto verdict = take_file(*folder.context, std::move(opened), unfinished.size(), {}).reply;
  CHECK(verdict.code == 500);
  CHECK(folder.spool.kept().empty());
}
