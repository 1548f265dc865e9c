// Who authenticates answers, and what becomes of questions; libunbound is the real one, and runs in real time.
#include "dns/validator.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <exception>
#include <fstream>
#include <optional>

#include "dns/validating_resolver.h"
#include "tests/support/dns_server.h"
#include "tests/support/temp_folder.h"

namespace mxpress::dns {
namespace {

using By = Authentication::By;
using testing::DnsFault;
using testing::DnsServer;
using namespace std::chrono_literals;

constexpr char kZone[] = R"(
zone .
. NS ns.root.example
a.example MX 10 mx.a.example
mx.a.example A 192.0.2.1
)";
constexpr const char* kTrusted = "127.0.0.1";
constexpr const char* kForwarder = "127.0.0.11";  // the AD bit of which counts for nothing

// A name server without signatures, and a validator that finds no way around it.
struct World {
  test::TempFolder folder;
  asio::io_context io;
  DnsServer server;
  ValidatorConfig config;
  std::vector<std::string> reports;
  std::shared_ptr<StubResolver> stub;
  std::optional<Validator> validator;

  explicit World(const char* address) : server(io.get_executor(), address) {
    server.load(kZone);
    const std::string anchor = (folder.path() / "root.key").string();
    std::ofstream(anchor) << ". IN DS 1 13 2 " << std::string(64, 'A') << "\n";
    config.trust_anchor = anchor;
    config.stub.options.servers = {parse_server(address + (":" + std::to_string(server.port()))).value()};
    config.stub.options.timeout = 1s;
    config.stub.options.attempts = 1;
  }
  void start() {
    stub = std::make_shared<StubResolver>(io.get_executor(), config.stub, 1);
    validator.emplace(io.get_executor(), config, [this](bool, const std::string& text) { reports.push_back(text); }, 2);
    validator->start();
  }
  template <class T>
  T run(Task<T> task) {
    std::optional<T> result;
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T value) {
      if (error) std::rethrow_exception(error);
      result = std::move(value);
    });
    while (!result && io.run_one_for(60s) != 0) {
    }
    REQUIRE(result.has_value());
    return std::move(*result);
  }
  static Task<Authentication> state_after_test(Validator& validator) {
    co_await validator.tested();
    co_return validator.state();
  }
  Authentication state() { return run(state_after_test(*validator)); }
  Answer ask(const std::string& name, RecordType type) {
    ValidatingResolver resolver(stub, *validator);
    return run(resolver.resolve_validated(Question{name, type}, {}));
  }
};

TEST_CASE("validator: a trusted name server that authenticates the root is believed") {
  World world(kTrusted);
  world.server.set_authenticated(true);
  world.start();
  CHECK(world.state().by == By::name_server);
  CHECK(world.state().text == world.config.stub.options.servers.front().to_string() + " is trusted for DNSSEC");
  CHECK(world.ask("a.example", RecordType::mx).authenticated);
  CHECK(world.reports == std::vector{"on: " + world.state().text});
}

TEST_CASE("validator: the AD bit of a name server that only forwards counts for nothing, and DANE is off with the reasons") {
  World world(kForwarder);
  world.server.set_authenticated(true);
  world.start();
  const Authentication state = world.state();
  const std::string server = world.config.stub.options.servers.front().to_string();
  CHECK(state.by == By::nobody);
  CHECK_THAT(state.text, Catch::StartsWith("no name server is trusted for DNSSEC (" + server + "); a bogus answer (DNSSEC) from " + server +
                                           ": validation failure <. SOA IN>"));
  const Answer answer = world.ask("a.example", RecordType::mx);
  CHECK(answer.kind == AnswerKind::found);
  CHECK_FALSE(answer.authenticated);
  CHECK(world.reports == std::vector{"off: " + state.text});
}

TEST_CASE("validator: a name server on loopback that does not authenticate the root is not believed about other names") {
  World world(kTrusted);
  world.config.validate = Validate::never;
  world.start();
  CHECK(world.state().by == By::nobody);
  CHECK(world.state().text ==
        world.config.stub.options.servers.front().to_string() + " does not validate DNSSEC, or is not trusted for it");
  world.server.set_authenticated(true);
  CHECK_FALSE(world.ask("a.example", RecordType::mx).authenticated);
}

TEST_CASE("validator: where no name server answers, questions fail as they do without it") {
  World world(kForwarder);
  world.server.fault(DnsFault::servfail);
  world.start();
  CHECK(world.state().by == By::unknown);
  const Answer answer = world.ask("a.example", RecordType::mx);
  CHECK(answer.kind == AnswerKind::failed);
  CHECK_THAT(answer.text, Catch::StartsWith("SERVFAIL from " + world.config.stub.options.servers.front().to_string()));
  CHECK(world.reports.empty());
}

TEST_CASE("validator: in a network without a root mail goes on, without DANE or by a trusted name server") {
  const char* const address = GENERATE(kTrusted, kForwarder);
  World world(address);
  world.server.set_authenticated(true);
  world.server.fault("", DnsFault::servfail);
  world.start();
  const Answer answer = world.ask("a.example", RecordType::mx);
  CHECK(answer.kind == AnswerKind::found);
  CHECK(answer.authenticated == (address == kTrusted));
  CHECK(world.state().by == (address == kTrusted ? By::name_server : By::nobody));
  CHECK_THAT(world.state().text, Catch::Contains("no answer about the root"));
}

TEST_CASE("validator: nothing is asked if nobody wants to know") {
  World world(kForwarder);
  world.config.is_wanted = false;
  world.start();
  CHECK(world.state().by == By::nobody);
  CHECK(world.server.seen().empty());
  CHECK(world.reports.empty());
}

TEST_CASE("validator: it may end in the middle of its test") {
  World world(kForwarder);
  world.server.fault(DnsFault::drop);
  world.start();
  while (world.server.seen().empty()) world.io.run_one_for(10s);
  world.validator.reset();
  world.io.poll();
  CHECK(world.reports.empty());
}

}  // namespace
}  // namespace mxpress::dns
