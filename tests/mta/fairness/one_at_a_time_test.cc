// Turns of owners at work that only one may do at a time.
#include "mta/fairness/one_at_a_time.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <string>

using namespace mxpress;
using namespace mxpress::mta::fairness;

namespace {

struct Work {
  Task<void> one(int uid) {
    const auto turn = co_await turns->take(Owner::user(uid));
    CHECK(++at_work == 1);
    order += std::to_string(uid);
    co_await let_others_go_on();
    --at_work;
  }
  void start(int uid) { asio::co_spawn(io, one(uid), asio::detached); }

  asio::io_context io{1};
  std::unique_ptr<OneAtATime> turns = std::make_unique<OneAtATime>();
  std::string order;
  int at_work = 0;
};

}  // namespace

TEST_CASE("one at a time: whoever comes waits for one turn of each other owner at most") {
  Work work;
  for (int i = 0; i < 5; ++i) work.start(1);
  work.start(2);
  work.start(3);
  work.io.run();
  CHECK(work.order.size() == 7);
  CHECK(work.order.substr(0, 4).find('2') != std::string::npos);
  CHECK(work.order.substr(0, 4).find('3') != std::string::npos);
  CHECK(work.turns->waiting() == 0);
  work.start(1);
  work.io.restart();
  work.io.run();
  CHECK(work.order.size() == 8);
}

TEST_CASE("one at a time: coroutines that have a turn or wait for one may outlive it") {
  Work work;
  for (int i = 0; i < 5; ++i) work.start(1);
  work.io.run_one();
  work.io.run_one();
  work.turns.reset();
  SUCCEED("the rest is destroyed with the loop");
}
