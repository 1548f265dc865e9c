// Intake: number of sessions, distribution over workers, and one user's share of sessions and of the room for envelopes.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <thread>

#include "mta/intake/intake.h"
#include "mta/intake/socket_owner.h"
#include "mta/intake/transaction_room.h"
#include "tests/support/server_house.h"

namespace intake = mxpress::mta::intake;
using intake::Intake;
using mxpress::dns::Address;
using mxpress::testing::IntakeHouse;
using mxpress::testing::read_until;
using mxpress::testing::write_everything;

namespace {

constexpr const char* kMail = "MAIL FROM:<a@client.example>\r\n";

class Clients {
 public:
  ~Clients() {
    for (const int client : sockets_) ::close(client);
  }
  // Its greeting.
  std::string add(int client) {
    sockets_.push_back(client);
    return read_until(client, "\r\n");
  }
  std::string say(const std::string& bytes, const std::string& until) {
    write_everything(sockets_.back(), bytes);
    return read_until(sockets_.back(), until);
  }
  // The number of clients that have got a reply; waits for one.
  int told() {
    std::vector<pollfd> ends;
    for (const int socket : sockets_) ends.push_back({socket, POLLIN, 0});
    return ::poll(ends.data(), ends.size(), 5000);
  }

 private:
  std::vector<int> sockets_;
};

// A TCP client whose socket belongs to another user: what fchown() does to it, only root may do.
int connect_as(IntakeHouse& house, uid_t user) {
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::fchown(client, user, static_cast<gid_t>(-1)) == 0);
  return house.connect_tcp(client);
}

std::string recipients(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "RCPT TO:<b@there.example> ORCPT=rfc822;" + std::string(480, 'x') + "\r\n";
  return text;
}

// Leaves transactions of 9,900 recipients open until one is refused; returns how many were begun.
int fill_envelopes(IntakeHouse& house, Clients& clients, int (*connect)(IntakeHouse&)) {
  const std::string hundred = recipients(100);
  for (int begun = 1; begun <= 30; ++begun) {
    clients.add(connect(house));
    clients.say(kMail, "250 ");
    std::string replies;
    for (int i = 0; i < 99; ++i) replies += clients.say(hundred + "NOOP\r\n", "250 2.0.0");
    if (replies.find("452 4.5.3") != std::string::npos) return begun;
  }
  return 0;
}

// Begins messages with this content, without an end; they are given up with `clients`.
void leave_open(IntakeHouse& house, Clients& clients, std::size_t count, const std::string& content) {
  for (std::size_t i = 0; i < count; ++i) {
    clients.add(house.connect_unix());
    clients.say(kMail + recipients(1) + "DATA\r\n", "354 ");
    clients.say(content, "");
  }
}

}  // namespace

TEST_CASE("intake: all sessions that may be exist at once, and no worker has two more than another") {
  for (const std::size_t workers : {1, 2, 3}) {
    IntakeHouse house({}, workers);
    Clients clients;
    for (std::size_t i = 1; i <= Intake::kMaxSessions; ++i) {
      REQUIRE(clients.add(i % 2 ? house.connect_tcp() : house.connect_unix()).starts_with("220 "));
      const auto counts = house.intake().open_sessions();
      const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
      REQUIRE(*most - *least <= 1);
      REQUIRE(std::accumulate(counts.begin(), counts.end(), std::size_t{0}) == i);
    }
    CHECK(clients.say("NOOP\r\n", "\r\n").starts_with("250"));
    REQUIRE(clients.add(house.connect_unix()).starts_with("220 "));
    CHECK(clients.told() == 1);  // and has to go
  }
}

TEST_CASE("intake: a client who is alone is served by the worker that accepts") {
  IntakeHouse house({}, 3);
  for (int i = 0; i < 5; ++i) {
    Clients alone;
    REQUIRE(alone.add(house.connect_unix()).starts_with("220 "));
    CHECK(house.intake().open_sessions() == std::vector<std::size_t>{1, 0, 0});
    CHECK(alone.say("QUIT\r\n", "221 ").starts_with("221 "));
    while (house.intake().open_sessions().front() > 0) std::this_thread::yield();
  }
}

TEST_CASE("intake: a user who keeps every session busy by TCP does not keep another user's programs out") {
  if (::geteuid() != 0) return;
  IntakeHouse house({}, 2);
  Clients busy, other;
  for (std::size_t i = 0; i < Intake::kMaxSessions; ++i) {
    REQUIRE(busy.add(connect_as(house, 4001)).starts_with("220 "));
    REQUIRE(busy.say(kMail, "250 ").starts_with("250 "));
  }
  CHECK(busy.add(connect_as(house, 4001)).starts_with("421 4.3.2"));
  for (int i = 0; i < 50; ++i) {
    REQUIRE(other.add(connect_as(house, 4002)).starts_with("220 "));
    CHECK(other.say(kMail, "250 ").starts_with("250 "));
  }
}

TEST_CASE("intake: nobody loses an idle session to a user who has more of them") {
  if (::geteuid() != 0) return;
  IntakeHouse house;
  Clients idle, busy;
  REQUIRE(idle.add(connect_as(house, 4002)).starts_with("220 "));
  for (std::size_t i = 1; i < Intake::kMaxSessions; ++i) {
    REQUIRE(busy.add(connect_as(house, 4001)).starts_with("220 "));
    REQUIRE(busy.say(kMail, "250 ").starts_with("250 "));
  }
  CHECK(busy.add(connect_as(house, 4001)).starts_with("421 4.3.2"));
  CHECK(idle.say("NOOP\r\n", "\r\n").starts_with("250 2.0.0"));
}

TEST_CASE("intake: envelopes of one user take half of the room, a usual one always fits, and others have more") {
  IntakeHouse house;
  Clients greedy, others;
  const int begun = fill_envelopes(house, greedy, [](IntakeHouse& its) { return its.connect_unix(); });
  CHECK(begun > 1);
  CHECK(begun < 4);  // of some 20 MiB each
  others.add(house.connect_unix());
  CHECK(others.say(kMail + recipients(4) + "NOOP\r\n", "250 2.0.0").find("452 ") == std::string::npos);
  CHECK(others.say(recipients(10) + "NOOP\r\n", "250 2.0.0").find("452 4.5.3") != std::string::npos);
  if (::geteuid() != 0) return;
  others.add(connect_as(house, 4002));
  CHECK(others.say(kMail + recipients(1000) + "NOOP\r\n", "250 2.0.0").find("452 ") == std::string::npos);
}

TEST_CASE("intake: long headers of one user take half of the room, and what has no long header is taken all the same") {
  IntakeHouse house;
  std::string header;
  while (header.size() < 1'000'000) header += "X-Filler: " + std::string(900, 'x') + "\r\n";
  const auto send = [&](const std::string& content) {
    Clients client;
    client.add(house.connect_unix());
    client.say("EHLO c.example\r\n" + (kMail + recipients(1)) + "DATA\r\n", "354 ");
    return client.say(content + ".\r\n", "\r\n");
  };
  Clients greedy;
  leave_open(house, greedy, 60, header);
  CHECK(house.context().transactions->held() <= intake::kTransactions / 2);
  CHECK(send(header + "\r\nx\r\n").find("452 4.3.1 Too many large headers") != std::string::npos);
  CHECK(send("Subject: x\r\n\r\nx\r\n").find("250 2.0.0 Ok: queued") != std::string::npos);
}

TEST_CASE("intake: content that finds no room goes to a file, byte for byte, and what ends gives its room back") {
  IntakeHouse house;
  std::string content = "Subject: x\r\n\r\n";
  while (content.size() < 200'000) content += std::string(70, 'x') + std::to_string(content.size()) + "\r\n";
  const auto send = [&] {
    Clients client;
    client.add(house.connect_unix());
    client.say(kMail + recipients(1) + "DATA\r\n", "354 ");
    REQUIRE(client.say(content + ".\r\n", "\r\n").starts_with("250 "));
    return house.spool.kept().back().was_large;
  };
  CHECK_FALSE(send());
  CHECK(house.context().transactions->held() == 0);
  {
    Clients greedy;
    leave_open(house, greedy, 300, content);
    bool is_large = false;
    // Part of it has gone to files, and may have left more room than one message takes.
    for (int i = 0; i < 200 && !is_large; ++i) {
      is_large = send();
      if (!is_large) leave_open(house, greedy, 1, content);
    }
    CHECK(is_large);
    CHECK(house.spool.kept().back().content.ends_with(content));
    CHECK(house.context().transactions->held() > intake::kTransactions / 4);
    CHECK(house.context().transactions->held() <= intake::kTransactions / 2);
  }
  while (house.context().transactions->held() > 0) std::this_thread::yield();
  CHECK_FALSE(send());
}

TEST_CASE("intake: a long header holds room until it has ended") {
  IntakeHouse house;
  std::string header;
  while (header.size() < 1'000'000) header += "X-Filler: " + std::string(900, 'x') + "\r\n";
  Clients client;
  client.add(house.connect_unix());
  client.say(kMail + recipients(1) + "DATA\r\n", "354 ");
  CHECK(client.say(header + "\r\nx\r\n.\r\n", "\r\n").starts_with("250 "));
  CHECK(house.context().transactions->held() == 0);
}

TEST_CASE("socket owner: a client that has closed before it was accepted is known to have closed, and has no user") {
  const auto listening = [] {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&any), sizeof any) == 0);
    REQUIRE(::listen(socket, 1) == 0);
    return socket;
  }();
  const auto end_of = [](int socket, auto&& name_of) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    REQUIRE(name_of(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return intake::TcpEnd{Address::parse("127.0.0.1").value(), ntohs(address.sin_port)};
  };
  const auto server = end_of(listening, ::getsockname);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(server.port);
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(::connect(client, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  const auto here = end_of(client, ::getsockname);
  intake::SocketOwners owners;
  CHECK(owners.find(here, server).uid == std::optional<std::int64_t>(::geteuid()));
  write_everything(client, kMail);
  ::close(client);
  CHECK_FALSE(owners.find(here, server).uid);
  CHECK(owners.find(here, server).has_closed);
  ::close(listening);
}

TEST_CASE("socket owner: the kernel names the user of a connection within this host, and nobody for one that is none") {
  IntakeHouse house;
  intake::SocketOwners owners;
  Clients clients;
  const int client = house.connect_tcp();
  sockaddr_in own{};
  socklen_t size = sizeof own;
  REQUIRE(::getsockname(client, reinterpret_cast<sockaddr*>(&own), &size) == 0);
  const intake::TcpEnd here{Address::parse("127.0.0.1").value(), ntohs(own.sin_port)};
  const intake::TcpEnd server{Address::parse("127.0.0.1").value(), house.port};
  CHECK(owners.find(here, server).uid == std::optional<std::int64_t>(::geteuid()));
  if (::geteuid() == 0) {
    REQUIRE(::fchown(client, 4001, static_cast<gid_t>(-1)) == 0);
    CHECK(owners.find(here, server).uid == std::optional<std::int64_t>(4001));
  }
  clients.add(client);
  for (const auto& nobody : {owners.find({here.address, house.port}, {here.address, 1}),  // a listener is no connection
                             owners.find({Address::parse("127.0.0.2").value(), here.port}, server)}) {
    CHECK_FALSE(nobody.uid);
    CHECK_FALSE(nobody.has_closed);
  }
  clients.say("QUIT\r\n", "221 ");
  REQUIRE(::shutdown(client, SHUT_RDWR) == 0);
}

TEST_CASE("intake: mail over loopback uses the shares of the user whom its client's socket names, and is nobody's") {
  IntakeHouse house;
  uid_t user = ::geteuid();
  Clients client;
  if (user == 0)
    client.add(connect_as(house, user = 4001));
  else
    client.add(house.connect_tcp());
  client.say(kMail + recipients(1) + "DATA\r\n", "354 ");
  REQUIRE(client.say("Subject: x\r\n\r\nx\r\n.\r\n", "250 2.0.0 Ok: queued").find("250 2.0.0 Ok: queued") != std::string::npos);
  REQUIRE(house.spool.kept().size() == 1);
  const auto kept = house.spool.kept();
  const auto& message = kept[0];
  CHECK(message.message.envelope.submitter.share_owner() == mxpress::proto::ShareOwner::user(user));
  CHECK(message.message.envelope.submitter.uid == -1);
  CHECK(message.content.find("uid") == std::string::npos);  // of Received
}

TEST_CASE("intake: over loopback the user of the client's socket may send as those whose tables list him, and as no other") {
  const bool is_root = ::geteuid() == 0;
  const uid_t user = is_root ? 4001 : ::geteuid();
  IntakeHouse house([user](mxpress::mta::Config& config) {
    config.senders["@mine.example"].users = {{{}, user}};
    config.senders["@others.example"].users = {{{}, user + 1}};
  });
  const auto send = [&](const std::string& header) {
    Clients client;
    client.add(is_root ? connect_as(house, user) : house.connect_tcp());
    client.say("MAIL FROM:<me@mine.example>\r\nRCPT TO:<b@there.example>\r\nDATA\r\n", "354 ");
    return client.say(header + "\r\nx\r\n.\r\n", "\r\n");
  };
  CHECK_THAT(send("From: a@others.example\r\n"), Catch::Contains("550 5.7.1 The user with uid " + std::to_string(user)) &&
                                                     Catch::Contains("as a@others.example, by [sender.\"@others.example\"]"));
  CHECK(house.spool.kept().empty());
  CHECK_THAT(send("From: A <a@mine.example>\r\n"), Catch::Contains("250 2.0.0"));
  CHECK_THAT(send("Subject: x\r\n"), Catch::Contains("250 2.0.0"));
  const auto kept = house.spool.kept();
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].message.envelope.author == "a@mine.example");
  CHECK(kept[1].message.envelope.author.empty());  // it is the sender's
}
