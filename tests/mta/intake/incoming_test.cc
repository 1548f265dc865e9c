// One message while it arrives, without a session: the amount handled at a time.
#include "mta/intake/incoming.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include "mta/config/config.h"
#include "tests/support/fake_spool.h"
#include "tests/support/logging_hub.h"

namespace intake = mxpress::mta::intake;
using mxpress::testing::FakeDeliverer;
using mxpress::testing::FakeSpool;

namespace {

constexpr std::size_t kPiece = 16 * 1024;

mxpress::mta::Config configuration() {
  mxpress::mta::Config config;
  config.hostname = "mx.example";
  return config;
}

// A message from a program on this host.
struct Arrival {
  Arrival() {
    mxpress::proto::Envelope envelope;
    envelope.recipients.push_back({mxpress::proto::Mailbox::parse("b@there.example").value(), {}, {}});
    message.emplace(context, entrance, config.get(), std::move(envelope), intake::ExpandedRecipients(),
                    intake::TransactionRoom(*context.transactions, entrance.owner()));
  }
  void append(const std::string& content) {
    for (std::size_t at = 0; at < content.size(); at += kPiece) REQUIRE_FALSE(message->append(content.substr(at, kPiece)));
  }
  // The number of turns in which it is finished and stored.
  int finish() {
    mxpress::asio::io_context io;
    int code = 0;
    mxpress::asio::co_spawn(io, message->finish(),
                            [&code](std::exception_ptr, const mxpress::mta::smtp::ServerReply& reply) { code = reply.code; });
    int turns = 0;
    while (io.run_one() > 0) ++turns;
    CHECK(code == 250);
    return turns;
  }

  FakeSpool spool;
  FakeDeliverer deliverer;
  mxpress::testing::LoggingHub events;
  mxpress::mta::CurrentConfig config{configuration()};
  intake::Context context{config, spool, events.hub(),
                          [this](mxpress::queue::QueueId id, const mxpress::proto::Envelope& envelope) { deliverer.admit(id, envelope); }};
  intake::Entrance entrance;
  std::optional<intake::Incoming> message;
};

std::string long_header(std::size_t octets) {
  std::string header;
  while (header.size() < octets) header += "X: x\r\n";
  return header;
}

}  // namespace

TEST_CASE("incoming: a long header is cleaned in many turns, and a short one in none") {
  Arrival of_short;
  of_short.append(long_header(1000) + "\r\nx\r\n");
  const int usual = of_short.finish();
  Arrival of_long;
  of_long.append(long_header(1'000'000) + "\r\nx\r\n");
  CHECK(of_long.finish() >= usual + 12);
}

TEST_CASE("incoming: while a long header is cleaned its room is held, and what comes behind it is kept in order") {
  Arrival arrival;
  const std::string header = long_header(1'000'000);
  arrival.append(header + "\r\n");
  CHECK(arrival.context.transactions->held() > 3 * header.size());
  std::string body;
  while (body.size() < 10 * kPiece) body += "line " + std::to_string(body.size()) + "\r\n";
  arrival.append(body);
  arrival.finish();
  REQUIRE(arrival.spool.kept().size() == 1);
  CHECK(arrival.spool.kept().front().content.ends_with(header + "\r\n" + body));
  CHECK(arrival.context.transactions->held() == 0);
}
