// Keys begin to sign by themselves: the DNS is scripted, time is simulated, the file is real.
#include "mta/records/key_watch.h"

#include <boost/filesystem/fstream.hpp>
#include <catch2/catch.hpp>

#include "mta/content/dkim_signer.h"
#include "mta/dkim/key_record.h"
#include "mta/records/seen_keys.h"
#include "mta/routing/signing_keys.h"
#include "proto/envelope.h"
#include "tests/support/content_source.h"
#include "tests/support/dkim_keys.h"
#include "tests/support/logging_hub.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/steps.h"
#include "tests/support/temp_folder.h"
#include "tests/support/virtual_time.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using mta::SignWhen;
using mta::records::KeyWatch;
using mta::routing::SigningKeys;
using Seen = std::vector<std::string>;

constexpr char kName[] = "r1._domainkey.here.example";

SigningKeys keys(std::optional<SignWhen> sign = SignWhen::published, const std::string& selector = "r1") {
  const auto domain = proto::Domain::parse("here.example").value();
  return {{{domain, sign, {{selector, rsa_key()}}, {}}}, domain};
}

struct World {
  VirtualTime time;
  asio::io_context io;
  test::TempFolder folder;
  std::shared_ptr<ScriptedResolver> dns = std::make_shared<ScriptedResolver>();
  LoggingHub events;
  Seen steps;
  std::shared_ptr<mta::content::DkimSigner> signer;
  std::optional<KeyWatch> watch;

  World() {
    events.also = [this](const mta::events::Event& event) { std::visit(testing::Steps(steps), event); };
    start();
  }
  // Like a daemon that starts, perhaps again.
  void start(std::optional<SignWhen> sign = SignWhen::published) {
    watch.emplace(io.get_executor(), events.hub(), mta::records::seen_keys_file(folder.path()));
    reload(keys(sign));
  }
  void reload(SigningKeys next) {
    signer = std::make_shared<mta::content::DkimSigner>(mta::dkim::KeyRing());
    watch->watch(std::move(next), signer, [this] { return dns; });
  }
  void publish() { dns->txt(kName, mta::dkim::record_text(rsa_key().public_key())); }
  bool signs() {
    const proto::Envelope envelope;
    return run(signer->begin("From: me@here.example\r\n", envelope)) != nullptr;
  }
  std::string state() { return std::string(to_string(watch->status().at(0).state)); }
};

}  // namespace

TEST_CASE("key watch: signing begins by itself soon after the record is published") {
  World world;
  world.time.run_for(world.io, 2min);
  CHECK_FALSE(world.signs());
  CHECK(world.state() == "waits");
  world.publish();
  world.time.run_for(world.io, 3min);
  CHECK(world.signs());
  CHECK(world.steps == Seen{"waits r1", "signs r1"});
}

TEST_CASE("key watch: a restart with a dead DNS signs on, a new key waits for it") {
  World world;
  world.publish();
  world.time.run_for(world.io, 1min);
  REQUIRE(world.signs());
  world.dns->forget(kName).fail(kName).fail("r2._domainkey.here.example");
  world.start();
  CHECK(world.signs());
  world.time.run_for(world.io, 24h);
  CHECK(world.signs());
  world.reload(keys(SignWhen::published, "r2"));
  world.time.run_for(world.io, 24h);
  CHECK_FALSE(world.signs());
}

TEST_CASE("key watch: a record that is gone is told once, also over hours, and signing goes on, also over a restart") {
  World world;
  world.publish();
  world.time.run_for(world.io, 1min);
  world.dns->forget(kName);
  world.time.run_for(world.io, 6h);
  CHECK(world.signs());
  CHECK(world.state() == "lost");
  CHECK(world.steps == Seen{"signs r1", "lost r1"});
  world.start();
  world.time.run_for(world.io, 1h);
  CHECK(world.signs());
  CHECK(world.state() == "lost");
  world.publish();
  world.time.run_for(world.io, 1h);
  CHECK(world.state() == "signs");
  CHECK(world.steps.back() == "back r1");
}

TEST_CASE("key watch: a reload tells nothing again, and its keys are known to be lost at once") {
  World world;
  world.time.run_for(world.io, 1min);
  world.reload(keys());
  world.time.run_for(world.io, 1min);
  CHECK(world.steps == Seen{"waits r1"});
  world.publish();
  world.time.run_for(world.io, 1h);
  world.dns->forget(kName);
  world.time.run_for(world.io, 6h);
  CHECK(world.steps == Seen{"waits r1", "signs r1", "lost r1"});
  world.reload(keys());
  CHECK(world.state() == "lost");
  world.time.run_for(world.io, 6h);
  CHECK(world.steps == Seen{"waits r1", "signs r1", "lost r1"});
  world.publish();
  world.time.run_for(world.io, 1h);
  CHECK(world.steps.back() == "back r1");
  world.dns->forget(kName);
  world.time.run_for(world.io, 6h);
  CHECK(world.steps.back() == "lost r1");
}

TEST_CASE("key watch: keys that signed before there was a file sign on, whatever the DNS says") {
  World world;
  boost::filesystem::remove(mta::records::seen_keys_file(world.folder.path()));
  world.start({});
  CHECK(world.signs());
  world.time.run_for(world.io, 1h);
  CHECK(world.signs());
  CHECK(world.steps == Seen{"lost r1"});
  world.start({});
  CHECK(world.signs());
  world.reload(keys({}, "r2"));  // named since then
  CHECK_FALSE(world.signs());
}

TEST_CASE("key watch: a file that cannot be read or written stops nobody") {
  World world;
  const auto file = mta::records::seen_keys_file(world.folder.path());
  boost::filesystem::remove(file);
  boost::filesystem::create_directory(file);
  world.start({});
  CHECK_FALSE(world.signs());
  world.publish();
  world.time.run_for(world.io, 1min);
  CHECK(world.signs());
}

TEST_CASE("key watch: after a reload the earlier keys are not asked for") {
  World world;
  world.time.run_for(world.io, 1min);
  world.reload(keys(SignWhen::published, "r2"));
  world.time.run_for(world.io, 1s);
  world.dns->asked.clear();
  world.time.run_for(world.io, 1h);
  CHECK_FALSE(world.dns->asked.empty());
  for (const auto& question : world.dns->asked) CHECK(question.name == "r2._domainkey.here.example");
}

TEST_CASE("key watch: keys that never sign are not asked for") {
  World world;
  world.time.run_for(world.io, 1s);
  world.dns->asked.clear();
  world.reload(keys(SignWhen::never));
  world.time.run_for(world.io, 24h);
  CHECK(world.dns->asked.empty());
  CHECK(world.state() == "off");
}

}  // namespace mxpress::testing
