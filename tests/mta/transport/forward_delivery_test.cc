// Delivery by ~/.forward, with a program instead of mxpress-deliver.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <optional>
#include <thread>

#include "mta/config/config.h"
#include "mta/mailstore/request.h"
#include "mta/system/descriptor.h"
#include "mta/transport/deliver_transport.h"
#include "mta/transport/forwarder.h"
#include "tests/support/fake_control.h"
#include "tests/support/fake_spool.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::mta::transport;
using mta::mailstore::Forwarding;
using mta::mailstore::Reply;
using mta::mailstore::Request;
using mta::system::Descriptor;
using proto::Outcome;

namespace {

// Answers for users by their files, on a thread of its own.
class Helper {
 public:
  explicit Helper(std::map<std::string, std::string> files) : files_(std::move(files)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    listener_ = Descriptor(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_.get(), 16) == 0);
    thread_ = std::thread([this] {
      for (Descriptor socket; (socket = Descriptor(::accept(listener_.get(), nullptr, nullptr))).is_open();) answer(socket.get());
    });
  }
  ~Helper() { end(); }
  void end() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }

  test::TempFolder folder;
  const std::string path = (folder.path() / "deliver.sock").string();
  std::vector<std::string> delivered;  // users; after end()

 private:
  void answer(int socket) {
    std::array<char, 4096> text;
    const ssize_t got = ::recv(socket, text.data(), text.size(), 0);
    const auto request = got > 0 ? mta::mailstore::parse_request({text.data(), static_cast<std::size_t>(got)}) : std::nullopt;
    const std::string packet = mta::mailstore::format_reply(request ? reply_to(*request) : Reply{});
    (void)!::send(socket, packet.data(), packet.size(), MSG_NOSIGNAL);
  }
  Reply reply_to(const Request& request) {
    const auto file = files_.find(request.user);
    if (file == files_.end()) return {Reply::Kind::no_such_user, "no " + request.user};
    if (file->second == "hangs") return {Reply::Kind::deferred, "the home does not answer"};
    const bool is_odd = file->second == "odd";
    if (request.forwarding != Forwarding::nothing && !file->second.empty() && !is_odd) return {Reply::Kind::forward, file->second, 64102};
    const std::string remark = is_odd && request.forwarding != Forwarding::nothing ? "the file is odd" : "";
    if (request.forwarding == Forwarding::alone) return {Reply::Kind::no_forward, remark};
    delivered.push_back(request.user);
    return {Reply::Kind::delivered, remark};
  }

  const std::map<std::string, std::string> files_;
  Descriptor listener_;
  std::thread thread_;
};

struct World {
  explicit World(std::map<std::string, std::string> files, const std::string& more = "") : helper(std::move(files)) {
    auto parsed = mta::parse_config("local_domains = [\"here.example\"]\n" + more +
                                        "[local]\nalias_file = \"\"\ndeliver = \"mbox\"\ndeliver_socket = \"" + helper.path + "\"\n",
                                    "x.toml");
    INFO((parsed ? "" : parsed.error().message));
    REQUIRE(parsed);
    config = std::make_shared<mta::Config>(std::move(*parsed));
    spool.on_store = [this](const queue::NewMessage& message) { notice_for = message.notice_for; };
    recipient.notify = {true, true, true, false};
  }

  proto::RecipientResult deliver(const std::string& content = "Subject: hi\r\n\r\nhello\r\n") {
    auto message = std::make_shared<queue::Message>();
    message->id = {77};
    message->envelope.reverse_path = proto::ReversePath(proto::Mailbox::parse("sender@here.example").value());
    message->envelope.submitter.uid = 1000;
    message->envelope.recipients = {{proto::Mailbox::parse("other@here.example").value(), {}, {}}, recipient};
    message->recipients.resize(2);
    message->content = std::make_shared<testing::TextContent>(content);
    Order order;
    order.message = message;
    order.recipients = {1};
    order.config = config;
    order.wanted = [this] { return !is_withdrawn; };
    asio::io_context io;
    report.reset();
    asio::co_spawn(io, transport.deliver(order), [&](std::exception_ptr error, AttemptReport got) {
      CHECK_FALSE(error);
      report = std::move(got);
    });
    io.run();
    helper.end();
    REQUIRE(report);
    REQUIRE(report->results.size() == 1);
    return report->results.front();
  }
  std::string recipients() const {
    std::string all;
    const auto kept = spool.kept();
    for (const auto& one : kept.at(0).message.envelope.recipients)
      all += one.mailbox.to_string() + " " + std::to_string(one.forwards) + (one.notify.success ? "s" : "") + " " + one.original_recipient +
             "\n";
    return all;
  }

  Helper helper;
  std::optional<AttemptReport> report;
  std::shared_ptr<mta::Config> config;
  testing::FakeSpool spool;
  std::vector<queue::NewMessage::NoticeFor> notice_for;
  std::vector<proto::QueueId> admitted;
  bool is_withdrawn = false;
  proto::Recipient recipient{proto::Mailbox::parse("bob@here.example").value(), {}, {}};
  std::string held_because;  // by the guard
  Forwarder forwarder{{spool, nullptr, [this](proto::QueueId id, const proto::Envelope&) { admitted.push_back(id); },
                       [this](const mta::Config&, proto::QueueId, proto::Envelope& envelope) { envelope.held_because = held_because; }}};
  DeliverTransport transport{nullptr, forwarder};
};

}  // namespace

TEST_CASE("delivery by .forward: one new message for all targets, stored in one step with the end of the recipient") {
  World world({{"bob", "b@there.example, carol, \\bob"}, {"carol", "hangs"}});
  const auto result = world.deliver();
  CHECK(result.outcome == Outcome::delivered);
  CHECK(result.last.text == "forwarded by ~/.forward of bob to 3 recipients as " + proto::QueueId{1}.to_string());
  REQUIRE(world.spool.kept().size() == 1);
  const auto all = world.spool.kept();
  const auto& copy = all[0];
  CHECK(copy.content == "Delivered-To: bob@here.example\r\nSubject: hi\r\n\r\nhello\r\n");
  CHECK(world.recipients() ==
        "b@there.example 5s rfc822;bob@here.example\ncarol@here.example 1 rfc822;bob@here.example\nbob@here.example 5 \n");
  CHECK(copy.message.envelope.reverse_path.mailbox().to_string() == "sender@here.example");
  CHECK(copy.message.envelope.submitter.uid == 1000);
  CHECK(copy.message.envelope.submitter.forwarder == 64102);
  REQUIRE(world.notice_for.size() == 1);
  CHECK(world.notice_for[0].message == proto::QueueId{77});
  CHECK(world.notice_for[0].recipients == std::vector<std::uint32_t>{1});
  CHECK(world.notice_for[0].kind == queue::NoticeKind::forward);
  CHECK(world.admitted == std::vector{proto::QueueId{1}});
  CHECK(world.helper.delivered.empty());
  CHECK(result.dsn_passed_on);
}

TEST_CASE("delivery by .forward: a message that is more than its forwarder may send is held") {
  World world({{"bob", "b@there.example"}});
  world.held_because = "Held by [guard]: too many";
  CHECK(world.deliver().outcome == Outcome::delivered);
  const auto all = world.spool.kept();
  REQUIRE(all.size() == 1);
  CHECK(all[0].message.envelope.held_because == "Held by [guard]: too many");
}

TEST_CASE("delivery by .forward: what leads to the own mailbox alone is put there, and a reason is told") {
  for (const auto& [file, words] :
       std::map<std::string, std::string>{{"\\bob\n", ""},
                                          {"", ""},
                                          {"odd", "; ~/.forward: the file is odd"},
                                          {"nobody", "; ~/.forward: ~bob/.forward: no user nobody on this host"}}) {
    World world({{"bob", file}});
    const auto result = world.deliver();
    CHECK(result.outcome == Outcome::delivered);
    CHECK(result.last.text == "delivered to the mailbox of bob" + words);
    CHECK_FALSE(result.dsn_passed_on);
    CHECK(world.helper.delivered == std::vector<std::string>{"bob"});
    CHECK(world.spool.kept().empty());
  }
}

TEST_CASE("delivery by .forward: a recipient that a .forward has led to for good gets the mail whatever his file says") {
  World world({{"bob", "b@there.example"}});
  world.recipient.forwards = proto::kMostForwards;
  CHECK(world.deliver().last.text == "delivered to the mailbox of bob");
  CHECK(world.spool.kept().empty());
}

TEST_CASE("delivery by .forward: a message that was forwarded from here before stays here") {
  World world({{"bob", "b@there.example"}});
  CHECK_THAT(world.deliver("Received: x\r\nDELIVERED-TO:  bob@here.example\r\n\r\n").last.text, Catch::Contains("a loop"));
  CHECK(world.helper.delivered == std::vector<std::string>{"bob"});
  World body({{"bob", "b@there.example"}});
  CHECK_THAT(body.deliver("Subject: x\r\n\r\nDelivered-To: bob@here.example\r\n").last.text, Catch::StartsWith("forwarded"));
}

TEST_CASE("delivery by .forward: a spool that takes nothing defers, and nobody has a copy") {
  World world({{"bob", "b@there.example, \\bob"}});
  world.spool.cannot_store = Error::transient("the disk is full");
  const auto result = world.deliver();
  CHECK(result.outcome == Outcome::deferred);
  CHECK(result.last.text == "cannot forward by ~/.forward: the disk is full");
  CHECK(world.helper.delivered.empty());
  CHECK(world.admitted.empty());
}

TEST_CASE("delivery to users: what keeps one message out of a mailbox counts against that message, what keeps all out against the site") {
  World full({{"bob", "hangs"}});
  (void)full.deliver();
  CHECK(full.report->site_failed);
  CHECK(full.report->after_mail == proto::Stage::content);
  World without_helper({});
  without_helper.helper.end();
  (void)without_helper.deliver();
  CHECK(without_helper.report->site_failed);
  CHECK_FALSE(without_helper.report->after_mail);
}

TEST_CASE("delivery by .forward: a large message is copied piece by piece") {
  World world({{"bob", "b@there.example"}});
  const std::string content = "Subject: x\r\n\r\n" + std::string(300'000, 'x') + "\r\n";
  CHECK(world.deliver(content).outcome == Outcome::delivered);
  REQUIRE(world.spool.kept().size() == 1);
  CHECK(world.spool.kept()[0].was_large);
  CHECK(world.spool.kept()[0].content == "Delivered-To: bob@here.example\r\n" + content);
  World full({{"bob", "b@there.example"}});
  full.spool.cannot_append = Error::transient("no space");
  CHECK(full.deliver(content).outcome == Outcome::deferred);
}

TEST_CASE("delivery by .forward: too many targets are none, and what an operator has withdrawn is not sent on") {
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "u\n";
  World world({{"bob", many}});
  CHECK_THAT(world.deliver().last.text, Catch::Contains("leads to more than 1000 recipients"));
  CHECK(world.helper.delivered == std::vector<std::string>{"bob"});
  World withdrawn({{"bob", "b@there.example"}});
  withdrawn.is_withdrawn = true;
  CHECK(withdrawn.deliver().outcome == Outcome::untried);
  CHECK(withdrawn.spool.kept().empty());
}

TEST_CASE("delivery by .forward: what would leave the host is redirected and held as other mail is") {
  World world({{"bob", "b@there.example, \\bob"}}, "redirect = \"bob@here.example\"\n");
  CHECK(world.deliver().outcome == Outcome::delivered);
  CHECK(world.recipients() == "bob@here.example 5 \n");
  CHECK_THAT(world.spool.kept()[0].content, Catch::StartsWith("Delivered-To: bob@here.example\r\nX-Original-To: b@there.example\r\n"));
  World held({{"bob", "b@there.example"}}, "[route]\ntransport = \"hold\"\n");
  CHECK(held.deliver().outcome == Outcome::delivered);
  CHECK_THAT(held.spool.kept()[0].message.envelope.held_because, Catch::StartsWith("Held for there.example"));
}
