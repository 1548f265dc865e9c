// Attempts of one worker over real TLS.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "mta/net/connector.h"
#include "mta/net/handshake_lane.h"
#include "mta/net/tls_sessions.h"
#include "mta/transport/session_key.h"
#include "mta/transport/smtp_transport.h"
#include "tests/support/fake_control.h"
#include "tests/support/logging_hub.h"
#include "tests/support/mail_host.h"
#include "tests/support/tls_server.h"

namespace mxpress::testing {

// One worker's memory of hosts, and attempts on it.
struct Sender {
  asio::io_context io;
  mta::net::HandshakeLane lane;
  mta::net::TcpConnector connector{io.get_executor(), &lane, std::make_shared<mta::net::TlsSessions>()};
  mta::Config config{.hostname = "client.example"};
  LoggingHub events;
  mta::transport::SmtpTransport smtp{{io, connector, events.hub(), nullptr}};
  std::uint32_t sites = 0;
  bool require_tls = false;  // REQUIRETLS

  mta::transport::AttemptReport attempt(const dns::Target& target, proto::Outcome outcome = proto::Outcome::delivered) {
    return attempt({target}, mta::net::TlsPolicy(), outcome);
  }

  // One message for one recipient. No session is used again.
  mta::transport::AttemptReport attempt(std::vector<dns::Target> targets, mta::net::TlsPolicy policy, proto::Outcome outcome) {
    auto message = std::make_shared<queue::Message>();
    message->envelope.reverse_path = proto::ReversePath(proto::Mailbox::parse("sender@here.example").value());
    message->envelope.recipients.push_back({proto::Mailbox::parse("user@there.example").value(), {}, {}});
    if (require_tls) message->envelope.tls = proto::TlsWish::require;
    message->recipients.resize(1);
    message->content = std::make_shared<TextContent>("Subject: hi\r\n\r\nhello\r\n");
    mta::transport::Order order;
    order.message = message;
    order.recipients = {0};
    order.targets = std::move(targets);
    order.config = std::make_shared<mta::Config>(config);
    order.terms = std::make_shared<const mta::transport::SessionTerms>(
        mta::transport::SessionTerms{.tls = std::move(policy), .require_tls = require_tls});
    order.site = ++sites;
    order.most_connections = 1000;  // idle ones count
    order.wanted = [] { return true; };
    order.trying = [](const dns::Target&) {};
    std::optional<mta::transport::AttemptReport> report;
    const auto run = [&]() -> Task<void> { report = co_await smtp.deliver(order); };
    io.restart();
    asio::co_spawn(io, run, asio::detached);
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!report && std::chrono::steady_clock::now() < end) io.run_one_for(std::chrono::seconds(1));
    REQUIRE(report);
    REQUIRE(report->results.size() == 1);
    CHECK(report->results[0].outcome == outcome);
    return *report;
  }
};

inline MailHostBehaviour with_tls(PrepareTls prepare) {
  MailHostBehaviour behaviour;
  behaviour.tls = HostTls::works;
  behaviour.prepare_tls = std::move(prepare);
  return behaviour;
}

}  // namespace mxpress::testing
