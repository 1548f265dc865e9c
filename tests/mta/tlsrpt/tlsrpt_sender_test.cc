// Counting, asking, storing and sending, in virtual time: the DNS, the spool and a host for HTTPS are in memory. RFC 8460 3, 5.
#include "mta/tlsrpt/report_sender.h"

#include <catch2/catch.hpp>

#include "dns/target.h"
#include "mta/config/config.h"
#include "mta/http_client/reach.h"
#include "mta/sts/policies.h"
#include "mta/tlsrpt/record.h"
#include "mta/tlsrpt/recorder.h"
#include "proto/envelope.h"
#include "tests/support/fake_spool.h"
#include "tests/support/forgetful_disk.h"
#include "tests/support/memory_stream.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/virtual_time.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using mta::tlsrpt::day_of;
using mta::tlsrpt::Recorder;
using mta::tlsrpt::ReportSender;

constexpr const char* kHost = "198.51.100.1:443";
constexpr const char* kMail = "v=TLSRPTv1; rua=mailto:tls@reports.example";
constexpr const char* kPost = "v=TLSRPTv1; rua=https://reports.example/tls";

struct World {
  VirtualTime time{WallTime(std::chrono::sys_days{std::chrono::year(2026) / 11 / 30}) + 12h};
  std::optional<asio::io_context> io;  // of one run
  std::shared_ptr<ScriptedResolver> dns = std::make_shared<ScriptedResolver>();
  test::ForgetfulDisk disk;
  FakeSpool spool;
  mta::CurrentConfig config;
  std::unique_ptr<Recorder> recorder;
  std::unique_ptr<ReportSender> sender;
  std::vector<std::string> posted;  // requests
  std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  int admitted = 0;
  std::optional<dns::Address> own{};  // of this host

  explicit World(const std::string& toml = "")
      : config(mta::parse_config("hostname = \"mail.here.example\"\n" + toml, "test.toml").value()) {
    REQUIRE(disk.make_folder("/spool").ok());
    dns->a("reports.example", "198.51.100.1");
    start();
  }
  ~World() { sender.reset(); }
  void start() {
    sender.reset();
    io.emplace();
    recorder = std::make_unique<Recorder>(Recorder::Parts{&disk, "/spool/tlsrpt", config, nullptr, 1});
    sender = std::make_unique<ReportSender>(
        ReportSender::Parts{*io, *recorder, spool, config, nullptr, [this](asio::io_context&, const mta::Config&) { return dns; },
                            [this](asio::io_context&) { return connector(); },
                            [this](const mta::Config& now) {
                              return std::optional(mta::http_client::Reach{now.delivery.allow_addresses, nullptr,
                                                                           [this](const dns::Address& a) { return a == own; }});
                            },
                            [this](queue::QueueId, const proto::Envelope&) { ++admitted; }, 1});
  }
  void publish(const std::string& text, const std::string& domain = "there.example") {
    dns->forget(mta::tlsrpt::record_name(domain)).txt(mta::tlsrpt::record_name(domain), text);
  }
  // A session without STARTTLS.
  void connect(const std::string& domain = "there.example") {
    proto::Envelope envelope;
    envelope.recipients.push_back({proto::Mailbox::parse("you@" + domain).value(), {}, {}});
    const dns::Target target{"mx.there.example", dns::Address::parse("192.0.2.1").value()};
    const mta::net::TlsResult tls{{}, mta::net::TlsLevel::clear, mta::net::TlsFailure::starttls_not_supported, {}};
    recorder->take(mta::events::Connected{{}, target, tls, true, &envelope, 0, "", ""});
  }
  std::optional<mta::tlsrpt::DomainDay> counts(const std::string& domain = "there.example") {
    return recorder->find({day_of(time.wall()), domain});
  }
  void wait(std::chrono::nanoseconds how_long) { time.run_for(*io, how_long); }
  std::size_t mails() { return spool.kept().size(); }
  std::size_t asked() { return dns->asked.size(); }

 private:
  std::shared_ptr<MemoryConnector> connector() {
    auto made = std::make_shared<MemoryConnector>(io->get_executor());
    made->serve(kHost, [this](std::unique_ptr<mta::net::Stream> stream, dns::Target) { return serve_one(std::move(stream)); },
                {.tls = MemoryTls::verifies});
    return made;
  }
  Task<void> serve_one(std::unique_ptr<mta::net::Stream> stream) {
    stream->set_deadline(BootClock::now() + 1h);
    std::array<char, 4096> buffer;
    std::string heard;
    std::size_t wanted = std::string::npos;
    while (heard.size() < wanted) {
      const auto count = co_await stream->read_some(buffer.data(), buffer.size());
      if (!count || *count == 0) break;
      heard.append(buffer.data(), *count);
      const auto end = heard.find("\r\n\r\n"), length = heard.find("Content-Length: ");
      if (end != heard.npos && length != heard.npos) wanted = end + 4 + std::stoul(heard.substr(length + 16));
    }
    posted.push_back(heard);
    (void)co_await stream->write(answer);
  }
};

}  // namespace

TEST_CASE("tlsrpt: a domain with a record gets one report for a day, by mail, after the day has ended") {
  World world;
  world.publish(kMail);
  for (int i = 0; i < 3; ++i) world.connect();
  world.wait(12h - 1s);
  CHECK(world.mails() == 0);
  CHECK(world.asked() == 1);
  CHECK(world.counts()->policies.begin()->second.failed == 3);
  world.wait(24h);
  REQUIRE(world.mails() == 1);
  CHECK(world.admitted == 1);
  const auto mail = std::move(world.spool.kept().front());
  CHECK(mail.message.envelope.recipients.at(0).mailbox.to_string() == "tls@reports.example");
  CHECK(mail.content.find("Sessions without:              3\r\n") != std::string::npos);
  world.wait(72h);
  CHECK(world.mails() == 1);
}

TEST_CASE("tlsrpt: no report goes to an address of this host, whoever asks for it") {
  World world("local_domains = [\"here.example\"]\n");
  world.publish("v=TLSRPTv1; rua=mailto:root@here.example,mailto:tls@there.example");
  world.connect();
  world.wait(48h);
  REQUIRE(world.mails() == 1);
  CHECK(world.spool.kept().at(0).message.envelope.recipients.at(0).mailbox.to_string() == "tls@there.example");
  CHECK_FALSE(world.counts());
}

TEST_CASE("tlsrpt: no report goes by HTTPS to this host itself, or to another port") {
  World world;
  SECTION("own address") {
    world.own = dns::Address::parse("198.51.100.1").value();
    world.publish(kPost);
  }
  SECTION("another port") { world.publish("v=TLSRPTv1; rua=https://reports.example:8443/tls"); }
  world.connect();
  world.wait(72h);
  CHECK(world.posted.empty());
  CHECK_FALSE(world.counts());
}

TEST_CASE("tlsrpt: a receiver gets so many reports in a day, whoever names it; others get theirs") {
  World world;
  constexpr int kDomains = 150;
  for (int i = 0; i < kDomains; ++i) {
    const std::string domain = "d" + std::to_string(i) + ".example";
    world.publish(i % 3 == 0 ? "v=TLSRPTv1; rua=mailto:tls@other" + std::to_string(i) + ".example"
                             : "v=TLSRPTv1; rua=mailto:a" + std::to_string(i) + "@victim.example,mailto:b@victim.example",
                  domain);
    world.connect(domain);
  }
  world.wait(72h);
  std::size_t to_victim = 0, to_others = 0;
  for (const auto& mail : world.spool.kept())
    ++(mail.message.envelope.recipients[0].mailbox.domain().text() == "victim.example" ? to_victim : to_others);
  CHECK(to_victim == ReportSender::kMostToReceiver);
  CHECK(to_others == kDomains / 3);
}

TEST_CASE("tlsrpt: reports do not all go at the same time") {
  World world;
  for (const std::string domain : {"a.example", "b.example", "c.example"}) {
    world.publish(kMail, domain);
    world.connect(domain);
  }
  std::vector<WallTime> times;
  REQUIRE(world.time.run_until(*world.io, [&] { return world.mails() == 1; }, 17h));
  times.push_back(world.time.wall());
  REQUIRE(world.time.run_until(*world.io, [&] { return world.mails() == 2; }, 5h));
  times.push_back(world.time.wall());
  REQUIRE(world.time.run_until(*world.io, [&] { return world.mails() == 3; }, 5h));
  CHECK(world.time.wall() - times[1] >= 1min);
  CHECK(times[1] - times[0] >= 1min);
}

TEST_CASE("tlsrpt: for a domain without a record nothing is kept, and it is asked again no earlier than after an hour") {
  World world;
  world.connect();
  CHECK(world.counts());
  world.wait(1s);
  CHECK_FALSE(world.counts());
  world.connect();
  world.wait(59min);
  world.connect();
  CHECK(world.asked() == 1);
  CHECK_FALSE(world.counts());
  world.publish(kMail);
  world.wait(2min);
  world.connect();
  world.wait(1s);
  CHECK(world.asked() == 2);
  CHECK(world.counts());
}

TEST_CASE("tlsrpt: a DNS that does not answer loses no counts, and the report goes once it does") {
  World world;
  world.dns->fail("_smtp._tls.there.example");
  world.connect();
  world.wait(12h + 5h);
  CHECK(world.mails() == 0);
  world.publish(kMail);
  world.wait(6h);
  CHECK(world.mails() == 1);
}

TEST_CASE("tlsrpt: with [tls] reports = false nothing is counted, asked or sent") {
  World world("tls.reports = false");
  world.publish(kMail);
  world.connect();
  world.wait(48h);
  CHECK(world.asked() == 0);
  CHECK(world.mails() == 0);
}

TEST_CASE("tlsrpt: a policy that could not be fetched is a failure of its type") {
  World world;
  world.publish(kMail);
  world.recorder->fetch_failed("there.example", {"404", mta::net::TlsFailure::sts_policy_fetch_error});
  const auto counts = world.counts();
  REQUIRE(counts);
  CHECK(counts->policies.begin()->first.type == mta::tlsrpt::Policy::Type::sts);
  CHECK(counts->policies.begin()->second.failures.begin()->first.type == mta::net::TlsFailure::sts_policy_fetch_error);
}

TEST_CASE("tlsrpt: HTTPS gets the report as application/tlsrpt+gzip, once") {
  World world;
  world.publish(kPost);
  world.connect();
  world.wait(40h);
  REQUIRE(world.posted.size() == 1);
  CHECK_THAT(world.posted[0], Catch::StartsWith("POST /tls HTTP/1.1\r\nHost: reports.example\r\n"));
  CHECK(world.posted[0].find("\r\nContent-Type: application/tlsrpt+gzip\r\n") != std::string::npos);
  CHECK(world.posted[0].find("\r\n\r\n\x1f\x8b") != std::string::npos);
  CHECK(world.mails() == 0);
  world.wait(48h);
  CHECK(world.posted.size() == 1);
}

TEST_CASE("tlsrpt: a host that refuses a report is tried again, a few times within a day; others have it once") {
  World world;
  world.publish("v=TLSRPTv1; rua=https://reports.example/tls,mailto:tls@reports.example");
  world.answer = "HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n";
  world.connect();
  REQUIRE(world.time.run_until(*world.io, [&] { return world.posted.size() == 1; }, 17h));
  world.wait(23h);
  CHECK(world.posted.size() == ReportSender::kMostTries);
  CHECK(world.mails() == 1);
  world.wait(48h);
  CHECK(world.posted.size() == ReportSender::kMostTries);
  CHECK_FALSE(world.recorder->find({day_of(world.time.wall()) - std::chrono::days(4), "there.example"}));
}

TEST_CASE("tlsrpt: a host that refuses a report at first gets it later") {
  World world;
  world.publish(kPost);
  world.answer = "HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n";
  world.connect();
  REQUIRE(world.time.run_until(*world.io, [&] { return world.posted.size() == 1; }, 17h));
  world.answer = "HTTP/1.1 201 ok\r\nContent-Length: 0\r\n\r\n";
  world.wait(24h);
  CHECK(world.posted.size() == 2);
  CHECK(world.posted[0] == world.posted[1]);
}

TEST_CASE("tlsrpt: counts survive the end of the process, and power that is cut a few seconds later") {
  World world;
  world.publish(kMail);
  world.connect();
  world.sender->stop();
  world.start();
  CHECK(world.counts()->policies.begin()->second.failed == 1);
  world.connect();
  world.wait(ReportSender::kStoreAfter + 1s);
  world.disk.cut_at(world.disk.operations() + 1);
  world.sender.reset();
  world.disk.cut_at(0);
  world.disk.restart(test::ForgetfulDisk::Cut::all);
  world.start();
  REQUIRE(world.counts());
  CHECK(world.counts()->policies.begin()->second.failed == 2);
}

TEST_CASE("tlsrpt: many sessions are one write") {
  World world;
  world.publish(kMail);
  world.connect();
  world.wait(ReportSender::kStoreAfter + 1s);
  const auto before = world.disk.operations();
  world.wait(10min);
  CHECK(world.disk.operations() == before);
  for (int i = 0; i < 1000; ++i) world.connect();
  world.wait(ReportSender::kStoreAfter + 1s);
  CHECK(world.disk.operations() - before < 10);
}

TEST_CASE("tlsrpt: a damaged file is put aside, and counting begins from nothing") {
  World world;
  world.publish(kMail);
  world.connect();
  world.sender->stop();
  auto file = world.disk.open("/spool/tlsrpt", queue::Open::write).value();
  REQUIRE(file->write_at(20, {"?"}).ok());
  file.reset();
  world.start();
  CHECK_FALSE(world.counts());
  CHECK(world.disk.exists("/spool/tlsrpt.damaged").value());
  CHECK_FALSE(world.disk.exists("/spool/tlsrpt").value());
  world.connect();
  CHECK(world.counts());
}

TEST_CASE("tlsrpt: a clock that steps over midnight ends the day, one that steps back counts for the day before") {
  World world;
  world.publish(kMail);
  world.connect();
  world.time.step_wall(Duration(17h));
  world.connect();
  CHECK(world.counts()->policies.begin()->second.failed == 1);
  world.wait(2min);
  CHECK(world.mails() == 1);
  world.time.step_wall(-Duration(24h));
  world.connect();
  CHECK(world.counts()->policies.begin()->second.failed == 1);
  world.wait(2min);
  CHECK(world.mails() == 1);
}

TEST_CASE("tlsrpt: days of a clock that was wrong by a year are forgotten, and so are those that are too old") {
  World world;
  world.publish(kMail);
  world.time.step_wall(Duration(365 * 24h));
  world.connect();
  world.wait(1s);
  const auto ahead = day_of(world.time.wall());
  world.time.step_wall(-Duration(365 * 24h));
  world.wait(2min);
  CHECK_FALSE(world.recorder->find({ahead, "there.example"}));
  world.connect();
  world.wait(1s);
  world.time.step_wall(Duration(10 * 24h));
  world.wait(2min);
  CHECK(world.mails() == 0);
}

TEST_CASE("tlsrpt: sessions without room are dropped and counted") {
  World world;
  for (int i = 0; i < 2001; ++i) world.connect("d" + std::to_string(i) + ".example");
  CHECK(world.recorder->dropped() == 1);
}

}  // namespace mxpress::testing
