// One exchange in memory and in virtual time: the hosts asked, the octets sent, and its end.
#include "mta/http_client/exchange.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>
#include <optional>

#include "tests/support/memory_stream.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/virtual_time.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using mta::http_client::Exchange;
using mta::http_client::Request;
using mta::http_client::Response;
using mta::net::Stream;

constexpr auto kTime = 30s;

// A host that reads a request, then sends its text, and closes or not.
struct Host {
  std::string says;
  bool closes = true;
  std::string heard{};
  Task<void> serve(std::unique_ptr<Stream> stream) {
    stream->set_deadline(BootClock::now() + 1h);
    std::array<char, 4096> buffer;
    while (!heard.ends_with("a=b")) {
      const auto count = co_await stream->read_some(buffer.data(), buffer.size());
      if (!count || *count == 0) co_return;
      heard.append(buffer.data(), *count);
    }
    (void)co_await stream->write(says);
    while (!closes) {
      const auto count = co_await stream->read_some(buffer.data(), buffer.size());
      if (!count || *count == 0) co_return;
    }
  }
};

struct World {
  VirtualTime time;
  asio::io_context io;
  ScriptedResolver dns;
  MemoryConnector connector{io.get_executor()};
  mta::http_client::Reach reach;
  std::chrono::nanoseconds lasted{};
  int requests = 0;  // sent to a host

  void serve(Host& host, const std::string& address, MemoryTls tls = MemoryTls::verifies) {
    connector.serve(address, [&host](std::unique_ptr<Stream> stream, dns::Target) { return host.serve(std::move(stream)); }, {.tls = tls});
  }

  Result<Response> ask(const std::string& url = "https://login.example.com/token") {
    Request request;
    request.url = proto::HttpsUrl::parse(url).value();
    request.content = mta::auth::Secret("a=b");
    std::optional<Result<Response>> result;
    Exchange exchange(dns, connector, reach, [this] { ++requests; });
    const BootTime start = BootClock::now();
    asio::co_spawn(io, keep(exchange.run(std::move(request), start + kTime), result), asio::detached);
    time.run_until(io, [&] { return result.has_value(); });
    lasted = BootClock::now() - start;
    return std::move(result.value());
  }

 private:
  static Task<void> keep(Task<Result<Response>> exchange, std::optional<Result<Response>>& result) {
    result = co_await std::move(exchange);
  }
};

std::string failure(const Result<Response>& result) { return result ? "none" : result.error().message; }

const std::string kAnswer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

}  // namespace

TEST_CASE("https: one request on a connection of its own, and its answer") {
  World world;
  world.dns.a("login.example.com", "198.51.100.1");
  Host host{kAnswer, false};
  world.serve(host, "198.51.100.1:8443");
  const auto response = world.ask("https://login.example.com:8443/a/token?x=1");
  REQUIRE(failure(response) == "none");
  CHECK(response->status == 200);
  CHECK(response->content.reveal() == "{}");
  CHECK_THAT(host.heard, Catch::StartsWith("POST /a/token?x=1 HTTP/1.1\r\nHost: login.example.com:8443\r\n"));
  CHECK_THAT(host.heard, Catch::Contains("\r\nContent-Length: 3\r\n") && Catch::EndsWith("\r\n\r\na=b"));
  CHECK(world.lasted == 0s);
}

TEST_CASE("https: nobody is asked at an address that is not public, unless it is allowed") {
  const std::string addresses[] = {
      "127.0.0.1",        "10.1.2.3",        "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.0.0.0",
      "224.0.0.1",        "255.255.255.255", "::1",        "::",          "fe80::1",    "fd00::1",         "::ffff:127.0.0.1",
      "64:ff9b::a01:203", "2002:7f00:1::1",  "ff02::1"};
  for (const std::string& address : addresses) {
    INFO(address);
    World world;
    const bool is_v6 = address.find(':') != address.npos;
    is_v6 ? world.dns.aaaa("login.example.com", address) : world.dns.a("login.example.com", address);
    CHECK_THAT(failure(world.ask()), Catch::StartsWith("login.example.com: ") && Catch::Contains("which is not asked"));
    CHECK_FALSE(world.ask("https://" + (is_v6 ? "[" + address + "]" : address) + "/"));
    CHECK(world.connector.attempts().empty());
  }
  World world;
  world.dns.a("login.example.com", "10.1.2.3");
  world.reach.allowed.push_back(*dns::Network::parse("10.1.0.0/16"));
  Host host{kAnswer};
  world.serve(host, "10.1.2.3:443");
  CHECK(world.ask());
}

TEST_CASE("https: where one of the addresses is not public the others are asked") {
  World world;
  world.dns.a("login.example.com", "127.0.0.1").a("login.example.com", "198.51.100.1");
  Host host{kAnswer};
  world.serve(host, "198.51.100.1:443");
  CHECK(world.ask());
  CHECK(world.connector.attempts() == std::vector<std::string>{"198.51.100.1:443"});
}

TEST_CASE("https: the next address is tried where no connection comes about, and never after the request was sent") {
  World world;
  world.dns.a("login.example.com", "198.51.100.1").a("login.example.com", "198.51.100.2").aaaa("login.example.com", "2001:db8::1");
  world.connector.refuse("198.51.100.1:443", "connection timed out", 1h);
  Host unverified{kAnswer}, silent{""}, good{kAnswer};
  world.serve(unverified, "[2001:db8::1]:443", MemoryTls::succeeds);
  world.serve(good, "198.51.100.2:443");
  CHECK(world.ask());
  CHECK(world.lasted == 10s);
  CHECK(unverified.heard == "");
  world.serve(silent, "198.51.100.1:443");
  good.heard.clear();
  CHECK_THAT(failure(world.ask()), Catch::Contains("without an answer"));
  CHECK(good.heard == "");
}

TEST_CASE("https: nothing is sent to a host that has not proved who it is") {
  for (const MemoryTls tls : {MemoryTls::succeeds, MemoryTls::fails, MemoryTls::hangs}) {
    World world;
    world.dns.a("login.example.com", "198.51.100.1");
    Host host{kAnswer};
    world.serve(host, "198.51.100.1:443", tls);
    CHECK_FALSE(world.ask());
    CHECK(host.heard == "");
    CHECK(world.lasted <= kTime);
  }
}

TEST_CASE("https: all is over at the deadline") {
  World world;
  world.dns.a("login.example.com", "198.51.100.1");
  Host silent{"", false}, half{"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}", false};
  world.serve(silent, "198.51.100.1:443");
  CHECK_THAT(failure(world.ask()), Catch::Contains("timed out"));
  CHECK(world.lasted == kTime);
  world.serve(half, "198.51.100.1:443");
  CHECK_THAT(failure(world.ask()), Catch::Contains("timed out"));
  CHECK(world.lasted == kTime);
}

TEST_CASE("https: without an address the reason is the name server's") {
  World world;
  CHECK_THAT(failure(world.ask()), Catch::Contains("it has no address"));
  world.dns.fail("login.example.com", "SERVFAIL from 192.0.2.53:53");
  CHECK_THAT(failure(world.ask()), Catch::Contains("SERVFAIL from 192.0.2.53:53"));
}

}  // namespace mxpress::testing
