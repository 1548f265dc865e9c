// Places for questions: in turns of owners.
#include "dns/question_places.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <exception>
#include <map>
#include <string>
#include <vector>

namespace mxpress::dns {
namespace {

using namespace std::chrono_literals;
using proto::ShareOwner;

const ShareOwner kOne = ShareOwner::user(1), kOther = ShareOwner::user(2), kThird = ShareOwner::user(3);

// Each letter is a question; held until end().
struct World {
  explicit World(
      std::size_t most, QuestionPlaces::MostOfOne of_one = [](const ShareOwner&) { return std::size_t{2}; })
      : places(most, std::move(of_one)) {}

  void ask(char question, const ShareOwner& owner, BootTime deadline = BootTime::max()) {
    asio::co_spawn(io, take(question, owner, deadline), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
    go_on();
  }
  Task<void> take(char question, ShareOwner owner, BootTime deadline) {
    std::optional<QuestionPlaces::Place> place = co_await places.take(owner, deadline);
    if (!place) {
      failed += question;
      co_return;
    }
    begun += question;
    held.emplace(question, std::move(*place));
  }
  void end(char question) {
    held.erase(question);
    go_on();
  }
  void go_on() {
    io.restart();
    io.poll();
  }

  asio::io_context io;
  QuestionPlaces places;
  std::map<char, QuestionPlaces::Place> held;
  std::string begun, failed;
};

TEST_CASE("question places: an owner has as many as he may have, others theirs") {
  World world(10);
  for (const char question : {'a', 'b', 'c', 'd'}) world.ask(question, kOne);
  CHECK(world.begun == "ab");
  world.ask('x', kOther);
  CHECK(world.begun == "abx");
  CHECK(world.places.waiting() == 2);
  world.end('a');
  world.end('b');
  CHECK(world.begun == "abxcd");
  CHECK(world.places.waiting() == 0);
}

TEST_CASE("question places: where all are taken, an owner's second question waits for the first ones of others") {
  World world(1);
  for (const char question : {'a', 'b', 'c'}) world.ask(question, kOne);
  for (const char question : {'p', 'q'}) world.ask(question, kOther);
  world.ask('x', kThird);
  for (int i = 0; i < 5; ++i) world.end(world.begun.back());
  CHECK(world.begun == "apxbqc");
}

TEST_CASE("question places: an owner whose share ends while he waits gets none, and delays nobody") {
  std::size_t most = 1;
  World world(2, [&most](const ShareOwner& owner) { return owner == kOne ? most : 2; });
  world.ask('a', kOne);
  world.ask('b', kOne);
  most = 0;
  world.end('a');
  CHECK(world.begun == "a");
  world.ask('x', kOther);
  CHECK(world.begun == "ax");
  most = 1;
  world.end('x');
  CHECK(world.begun == "axb");
}

TEST_CASE("question places: a question leaves its line at its deadline, and without a place") {
  World world(1);
  world.ask('a', kOne);
  world.ask('b', kOne, BootTime::min());
  CHECK(world.failed == "b");
  CHECK(world.places.waiting() == 0);
  world.end('a');
  world.ask('c', kOther);
  CHECK(world.begun == "ac");
}

TEST_CASE("question places: those that wait end without a place when it is closed, and places may outlive it") {
  World world(1);
  world.ask('a', kOne);
  world.ask('b', kOther);
  world.places.close();
  world.go_on();
  CHECK(world.failed == "b");
  world.end('a');
  world.ask('c', kOne);
  CHECK(world.failed == "bc");
}

TEST_CASE("question places: a coroutine that ends early gives the place that it was given to the next") {
  World world(1);
  world.ask('a', kOne);
  {
    asio::io_context gone;
    asio::co_spawn(gone, world.places.take(kOther, BootTime::max()), [](std::exception_ptr, std::optional<QuestionPlaces::Place>) {});
    gone.poll();
    REQUIRE(world.places.waiting() == 1);
    world.end('a');  // the coroutine has the place now, and does not know it yet
    CHECK(world.places.waiting() == 0);
    world.ask('b', kOne);
    CHECK(world.begun == "a");
  }
  world.go_on();
  CHECK(world.begun == "ab");
}

}  // namespace
}  // namespace mxpress::dns
