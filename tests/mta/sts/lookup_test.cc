// Finding the policy of a domain, in virtual time: the DNS, the policy host in memory, and what is kept. RFC 8461 3, 5.1.
#include "mta/sts/lookup.h"
#include "mta/sts/policies.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>
#include <optional>

#include "mta/system/log.h"
#include "tests/support/memory_stream.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/virtual_time.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using mta::net::TlsFailure;
using mta::net::TlsPolicy;
using mta::sts::Finding;
using mta::sts::Lookup;
using mta::sts::Mode;

constexpr const char* kHost = "198.51.100.1:443";
const std::string kPolicy = "version: STSv1\nmode: enforce\nmx: *.there.example\nmax_age: 604800\n";

std::string answer(const std::string& content, const std::string& type = "text/plain; charset=utf-8",
                   const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n" +
         content;
}

struct World {
  VirtualTime time;
  asio::io_context io;
  std::shared_ptr<ScriptedResolver> dns = std::make_shared<ScriptedResolver>();
  MemoryConnector connector{io.get_executor()};
  mta::sts::Policies policies{nullptr, "", nullptr};
  Lookup lookup{io, policies, connector, 2};
  mta::http_client::Reach reach;
  std::string says = answer(kPolicy), heard;
  Duration takes{0};  // until the policy host answers
  int fetches = 0;
  std::chrono::nanoseconds lasted{};

  World() {
    announce("1");
    dns->a("mta-sts.there.example", "198.51.100.1");
    serve(MemoryTls::verifies);
  }
  void announce(const std::string& id) {
    dns->forget("_mta-sts.there.example");
    dns->txt("_mta-sts.there.example", "v=STSv1; id=" + id);
  }
  void serve(MemoryTls tls) {
    connector.serve(kHost, [this](std::unique_ptr<mta::net::Stream> stream, dns::Target) { return serve_one(std::move(stream)); },
                    {.tls = tls});
  }
  Finding find(const std::string& domain = "there.example", mta::fairness::Owner owner = {}) {
    std::optional<Finding> found;
    const BootTime start = BootClock::now();
    asio::co_spawn(io, keep(lookup.find(proto::Domain::parse(domain).value(), owner, dns, reach), found), asio::detached);
    REQUIRE(time.run_until(io, [&] { return found.has_value(); }, 1h));
    lasted = BootClock::now() - start;
    return *found;
  }
  void wait(std::chrono::nanoseconds how_long) { time.run_for(io, how_long); }
  // Asks for the policies of this many domains whose policy host takes the connection and says nothing.
  void ask_for_slow_ones(int count, mta::fairness::Owner owner) {
    connector.serve("198.51.100.2:443", [this](std::unique_ptr<mta::net::Stream> stream, dns::Target) { return hang(std::move(stream)); },
                    {.tls = MemoryTls::verifies});
    for (int i = 0; i < count; ++i) {
      const std::string name = "slow" + std::to_string(i) + ".example";
      dns->txt("_mta-sts." + name, "v=STSv1; id=1").a("mta-sts." + name, "198.51.100.2");
      asio::co_spawn(io, ask(name, owner), asio::detached);
    }
    wait(0s);
  }

  int answers = 0;  // to ask_for_slow_ones()

 private:
  Task<void> ask(std::string name, mta::fairness::Owner owner) {
    (void)co_await lookup.find(proto::Domain::parse(name).value(), owner, dns, reach);
    ++answers;
  }
  Task<void> hang(std::unique_ptr<mta::net::Stream> stream) {
    Timer timer(io, 1h);
    co_await timer.async_wait(use_task);
    stream->close();
  }
  static Task<void> keep(Task<Finding> task, std::optional<Finding>& found) { found = co_await std::move(task); }
  Task<void> serve_one(std::unique_ptr<mta::net::Stream> stream) {
    ++fetches;
    stream->set_deadline(BootClock::now() + 1h);
    std::array<char, 4096> buffer;
    heard.clear();
    while (!heard.ends_with("\r\n\r\n")) {
      const auto count = co_await stream->read_some(buffer.data(), buffer.size());
      if (!count || *count == 0) co_return;
      heard.append(buffer.data(), *count);
    }
    if (takes > Duration(0)) {
      Timer timer(io, takes);
      co_await timer.async_wait(use_task);
    }
    (void)co_await stream->write(says);
  }
};

std::string failure_of(const Finding& finding) {
  return finding.failure ? std::string(mta::net::to_string(finding.failure->type)) + ": " + finding.failure->why : "none";
}

}  // namespace

TEST_CASE("sts lookup: a record leads to the policy, which is fetched once and kept") {
  World world;
  const Finding first = world.find();
  REQUIRE(first.policy);
  CHECK(first.policy->policy.mode == Mode::enforce);
  CHECK(first.policy->id == "1");
  CHECK(first.why.empty());
  CHECK(failure_of(first) == "none");
  CHECK(world.heard == "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.there.example\r\nUser-Agent: mxpress/" MXPRESS_VERSION
                       "\r\nAccept: text/plain\r\nConnection: close\r\n\r\n");
  CHECK(mta::sts::demand_by(first, TlsPolicy::may()).text() == "sts-published=*.there.example");
  CHECK(world.find().policy->policy == first.policy->policy);
  CHECK(world.fetches == 1);
}

TEST_CASE("sts lookup: without a record there is one question, and no policy") {
  World world;
  world.dns->forget("_mta-sts.there.example");
  const Finding finding = world.find();
  CHECK_FALSE(finding.policy);
  CHECK(finding.why == "there is no record at _mta-sts.there.example");
  CHECK(failure_of(finding) == "none");
  CHECK(world.dns->asked.size() == 1);
  CHECK(world.fetches == 0);
  CHECK(mta::sts::demand_by(finding, TlsPolicy::may()).kind() == TlsPolicy::Kind::may);
}

TEST_CASE("sts lookup: no record holds mail up no longer than the DNS takes to say so") {
  World world;
  world.dns->forget("_mta-sts.there.example");
  world.dns->delay = 1s;
  CHECK_FALSE(world.find().policy);
  CHECK(world.lasted == 1s);
}

TEST_CASE("sts lookup: a kept policy is obeyed without a record, without an answer of the DNS, and without the host, until it ends") {
  World world;
  world.find();
  world.dns->forget("_mta-sts.there.example");
  CHECK(world.find().policy);
  world.dns->txt("_mta-sts.there.example", "v=STSv1; id=a").txt("_mta-sts.there.example", "v=STSv1; id=b");
  const Finding twice = world.find();
  CHECK(twice.policy);
  CHECK(twice.why == "_mta-sts.there.example: there are several records");
  world.dns->fail("_mta-sts.there.example");
  CHECK(world.find().policy);
  CHECK(world.fetches == 1);
  world.connector.refuse(kHost, "connection refused");
  world.announce("2");
  const Finding gone = world.find();
  CHECK(gone.policy->id == "1");
  CHECK(failure_of(gone) == "sts-policy-fetch-error: mta-sts.there.example: 198.51.100.1:443: connection refused");
  world.wait(7 * 24h);
  CHECK_FALSE(world.find().policy);
}

TEST_CASE("sts lookup: another id is fetched at once; the same one in the background, once it is due") {
  World world;
  world.find();
  world.says = answer("version: STSv1\nmode: none\nmax_age: 60\n");
  CHECK(world.find().policy->policy.mode == Mode::enforce);
  world.announce("2");
  const Finding off = world.find();
  CHECK(off.policy->policy.mode == Mode::none);
  CHECK(mta::sts::demand_by(off, TlsPolicy::may()).kind() == TlsPolicy::Kind::may);
  CHECK(world.fetches == 2);
  World later;
  later.find();
  later.wait(24h);
  later.says = answer("version: STSv1\nmode: testing\nmx: a.example\nmax_age: 604800\n");
  later.takes = 1s;
  CHECK(later.find().policy->policy.mode == Mode::enforce);
  CHECK(later.lasted == 0s);
  later.wait(1s);
  const Finding fresh = later.find();
  CHECK(fresh.policy->policy.mode == Mode::testing);
  CHECK(mta::sts::demand_by(fresh, TlsPolicy::may()).is_testing());
  CHECK(later.fetches == 2);
}

TEST_CASE("sts lookup: a slow policy host holds mail up for five seconds, once, and its policy counts when it comes") {
  World world;
  world.takes = 8s;
  const Finding slow = world.find();
  CHECK_FALSE(slow.policy);
  CHECK(world.lasted == 5s);
  CHECK(slow.why == "its policy could not be found out within 5 s");
  CHECK_FALSE(world.find().policy);
  CHECK(world.lasted == 0s);
  world.wait(3s);
  CHECK(world.find().policy);
  CHECK(world.fetches == 1);
  World silent;
  silent.takes = 1h;
  CHECK_FALSE(silent.find().policy);
  silent.wait(15s);
  CHECK_FALSE(silent.find().policy);
  CHECK(silent.lasted == 0s);
  CHECK(silent.fetches == 1);
  silent.wait(5min);
  silent.find();
  CHECK(silent.fetches == 2);
}

TEST_CASE("sts lookup: a DNS that is slow for the record holds mail up for five seconds at most") {
  World world;
  world.dns->delay = 30s;
  CHECK_FALSE(world.find().policy);
  CHECK(world.lasted == 5s);
}

TEST_CASE("sts lookup: what is no policy is a failure of its type, and is not asked for again within five minutes") {
  const std::string redirect = "HTTP/1.1 301 Moved\r\nLocation: https://mta-sts.there.example/other\r\nContent-Length: 0\r\n\r\n";
  const std::pair<std::string, std::string> cases[] = {
      {answer(kPolicy, "text/html"), "sts-policy-fetch-error: the answer is not text/plain but text/html"},
      {"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kPolicy.size()) + "\r\n\r\n" + kPolicy,
       "sts-policy-fetch-error: the answer is not text/plain"},
      {redirect, "sts-policy-fetch-error: the host answers with a redirect (301)"},
      {answer(kPolicy, "text/plain", "404 Not Found"), "sts-policy-fetch-error: the host answers with 404"},
      {answer("\xEF\xBB\xBF" + kPolicy), "sts-policy-invalid: the policy begins with a byte order mark"},
      {answer("<html>"), "sts-policy-invalid: the policy has a line without a key: \"<html>\""},
      {answer(kPolicy + std::string(64 * 1024, '\n')),
       "sts-policy-fetch-error: mta-sts.there.example: the answer is no HTTP that can be used: body limit exceeded"},
      {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + std::string(1 << 20, 'a'),
       "sts-policy-fetch-error: mta-sts.there.example: the answer is no HTTP that can be used: body limit exceeded"},
      {"nonsense", "sts-policy-fetch-error: mta-sts.there.example: the answer is no HTTP that can be used: bad version"},
      {"", "sts-policy-fetch-error: mta-sts.there.example: the host closed the connection without an answer"},
  };
  for (const auto& [says, failure] : cases) {
    World world;
    world.says = says;
    const Finding finding = world.find();
    CHECK_FALSE(finding.policy);
    CHECK(failure_of(finding) == failure);
    CHECK(failure_of(world.find()) == failure);
    CHECK(world.fetches == 1);
  }
}

TEST_CASE("sts lookup: a policy host is connected to only at an address that mail may go to") {
  for (const std::string& address : {"127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0"}) {
    World world;
    world.dns->forget("mta-sts.there.example").a("mta-sts.there.example", address);
    CHECK_THAT(failure_of(world.find()), Catch::Contains("which is not asked (allow_addresses)"));
    CHECK(world.connector.attempts().empty());
  }
  World allowed;
  allowed.dns->forget("mta-sts.there.example").a("mta-sts.there.example", "10.1.2.3");
  allowed.reach.allowed.push_back(*dns::Network::parse("10.1.0.0/16"));
  allowed.find();
  CHECK(allowed.connector.attempts() == std::vector<std::string>{"10.1.2.3:443"});
}

TEST_CASE("sts lookup: a host without a verified certificate gives no policy") {
  World world;
  world.serve(MemoryTls::succeeds);
  CHECK_FALSE(world.find().policy);
  CHECK(world.heard.empty());
}

TEST_CASE("sts lookup: lookups for one domain at the same time are one") {
  World world;
  world.takes = 1s;
  std::vector<std::optional<Finding>> found(3);
  const auto keep = [&](std::optional<Finding>& place) -> Task<void> {
    place = co_await world.lookup.find(proto::Domain::parse("there.example").value(), {}, world.dns, world.reach);
  };
  for (auto& place : found) asio::co_spawn(world.io, keep(place), asio::detached);
  world.wait(1s);
  for (const auto& place : found) CHECK((place && place->policy));
  CHECK(world.fetches == 1);
}

TEST_CASE("sts lookup: an address as a domain has no policy, and nothing is asked") {
  World world;
  std::optional<Finding> found;
  const auto keep = [&]() -> Task<void> {
    found = co_await world.lookup.find(proto::Domain::parse("[192.0.2.1]").value(), {}, world.dns, world.reach);
  };
  asio::co_spawn(world.io, keep, asio::detached);
  world.wait(1s);
  CHECK_FALSE(found.value().policy);
  CHECK(world.dns->asked.empty());
}

const mta::fairness::Owner kMallory = mta::fairness::Owner::user(1001), kAlice = mta::fairness::Owner::user(1002);

TEST_CASE("sts lookup: policy hosts of one user that say nothing do not keep another user's mail from its policy") {
  World world;
  world.ask_for_slow_ones(400, kMallory);
  const Finding finding = world.find("there.example", kAlice);
  REQUIRE(finding.policy);
  CHECK(world.lasted == 0s);
}

TEST_CASE("sts lookup: another user's mail to a domain does not wait for the share of whoever asked for the policy first") {
  World world;
  world.ask_for_slow_ones(20, kMallory);
  std::optional<Finding> of_mallory;
  const auto keep = [&]() -> Task<void> {
    of_mallory = co_await world.lookup.find(proto::Domain::parse("there.example").value(), kMallory, world.dns, world.reach);
  };
  asio::co_spawn(world.io, keep, asio::detached);
  world.wait(1s);
  REQUIRE_FALSE(of_mallory);
  CHECK(world.find("there.example", kAlice).policy);
  CHECK(world.fetches == 1);
}

TEST_CASE("sts lookup: nor does mail that came while the first one's question was still asked") {
  World world;
  world.ask_for_slow_ones(20, kMallory);
  world.dns->delay = 1s;
  std::optional<Finding> of_mallory, of_alice;
  const auto keep = [&](mta::fairness::Owner owner, std::optional<Finding>& place) -> Task<void> {
    place = co_await world.lookup.find(proto::Domain::parse("there.example").value(), owner, world.dns, world.reach);
  };
  asio::co_spawn(world.io, keep(kMallory, of_mallory), asio::detached);
  asio::co_spawn(world.io, keep(kAlice, of_alice), asio::detached);
  world.wait(4s + 500ms);
  REQUIRE(of_alice);
  CHECK(of_alice->policy);
  CHECK_FALSE(of_mallory);
}

TEST_CASE("sts lookup: an owner's mail waits for a place of his own for five seconds, then goes on, and that is no failure of the domain") {
  World world;
  world.ask_for_slow_ones(20, kMallory);
  const Finding finding = world.find("there.example", kMallory);
  CHECK(world.lasted == 5s);
  CHECK_FALSE(finding.policy);
  CHECK_FALSE(finding.why.empty());
  CHECK(failure_of(finding) == "none");
  CHECK(world.answers == 20);
  world.wait(1min);
  CHECK(world.find("there.example", kMallory).policy);
}

TEST_CASE("sts lookup: a policy host at an address of this host is not asked") {
  World world;
  world.reach.is_own = [](const dns::Address& address) { return address == dns::Address::parse("198.51.100.1").value(); };
  CHECK(failure_of(world.find()) ==
        "sts-policy-fetch-error: mta-sts.there.example: 198.51.100.1 is an address of this host, which is not asked (allow_addresses)");
  CHECK(world.connector.attempts().empty());
}

TEST_CASE("sts lookup: a failure that lasts is told in the log once a day, and another one at once; the status has the latest") {
  World world;
  std::vector<std::string> log;
  mta::capture_log([](const mta::LogLine& line, void* lines) { static_cast<std::vector<std::string>*>(lines)->push_back(line.text()); },
                   &log);
  CHECK(mta::sts::last_failure_in_words(world.policies).empty());
  world.says = answer("<html>");
  for (int i = 0; i < 20; ++i) {
    world.find();
    world.wait(6min);
  }
  CHECK(world.fetches == 20);
  CHECK(log.size() == 1);
  world.says = answer(kPolicy, "text/html");
  world.find();
  CHECK(log.size() == 2);
  CHECK(mta::sts::last_failure_in_words(world.policies) ==
        "the last failure, 0s ago: there.example: sts-policy-fetch-error: the answer is not text/plain but text/html");
  for (int i = 0; i < 24; ++i) {
    world.wait(1h);
    world.find();
  }
  CHECK(log.size() == 3);
  mta::capture_log(nullptr, nullptr);
}

TEST_CASE("sts lookup: of very many failures the oldest are forgotten") {
  World world;
  for (std::size_t i = 0; i <= mta::sts::Policies::kMostFailures; ++i) {
    world.policies.failed(std::to_string(i) + ".example", "1", {"no answer"});
    if (i == 0) world.wait(1s);
  }
  CHECK_FALSE(world.policies.failed_lately("0.example", "1"));
  CHECK(world.policies.failed_lately("1.example", "1"));
  CHECK(world.policies.failed_lately("1024.example", "1"));
}

}  // namespace mxpress::testing
