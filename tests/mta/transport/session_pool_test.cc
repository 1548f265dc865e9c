// Sessions that wait for another message: their sites, and the order in which they are closed.
#include <catch2/catch.hpp>

#include "mta/smtp/client.h"
#include "mta/transport/session_pool.h"
#include "tests/support/memory_stream.h"

using namespace mxpress;
using mta::transport::Instant;
using mta::transport::SessionPool;

namespace {

const dns::Target kTarget{"mx.there.example", dns::Address{false, {192, 0, 2, 1}}, 25, false};

struct World {
  asio::io_context io;
  SessionPool pool;
  std::vector<std::unique_ptr<mta::net::Stream>> hosts;

  const mta::smtp::ClientSession* put(std::uint32_t site, int second, const dns::Target& target = kTarget) {
    auto [client, host] = testing::make_memory_streams(io.get_executor());
    hosts.push_back(std::move(host));
    SessionPool::Session session;
    session.client = std::make_unique<mta::smtp::ClientSession>(std::move(client), target, mta::smtp::ClientOptions{});
    const auto* const result = session.client.get();
    pool.put(site, std::move(session), Instant(std::chrono::seconds(second)));
    return result;
  }
};

}  // namespace

TEST_CASE("session pool: a session serves the site that it was put in for, and no other one with the same host") {
  World world;
  const auto* const session = world.put(1, 1);
  CHECK_FALSE(world.pool.take(2, kTarget));
  CHECK(world.pool.has(1));
  CHECK_FALSE(world.pool.has(2));
  CHECK(world.pool.take(1, kTarget).client.get() == session);
  CHECK_FALSE(world.pool.has(1));
  CHECK_FALSE(world.pool.take(1, kTarget));
}

TEST_CASE("session pool: a session to another host, address or port of the site does not serve") {
  World world;
  dns::Target host = kTarget, address = kTarget, port = kTarget;
  host.host = "mx2.there.example";
  address.address.bytes[3] = 2;
  port.port = 26;
  world.put(1, 1);
  for (const dns::Target& other : {host, address, port}) CHECK_FALSE(world.pool.take(1, other));
  const auto* const session = world.put(1, 2, port);
  CHECK(world.pool.take(1, port).client.get() == session);
  CHECK(world.pool.size() == 1);
}

TEST_CASE("session pool: the session that has waited longest is taken first, by its site and by who needs room") {
  World world;
  const auto* const first = world.put(1, 1);
  const auto* const second = world.put(2, 2);
  const auto* const third = world.put(1, 3);
  const auto* const fourth = world.put(1, 4);
  const auto* const fifth = world.put(1, 5);
  CHECK(world.pool.oldest() == Instant(std::chrono::seconds(1)));
  CHECK(world.pool.take(1, kTarget).client.get() == first);
  CHECK(world.pool.oldest() == Instant(std::chrono::seconds(2)));
  CHECK(world.pool.take_oldest().client.get() == second);
  CHECK_FALSE(world.pool.has(2));
  CHECK(world.pool.take_oldest().client.get() == third);
  CHECK(world.pool.take(1, kTarget).client.get() == fourth);
  CHECK(world.pool.take(1, kTarget).client.get() == fifth);
  CHECK(world.pool.size() == 0);
  CHECK_FALSE(world.pool.oldest());
}
