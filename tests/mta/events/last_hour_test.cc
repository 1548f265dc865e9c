// The outcomes of the last hour.
#include "mta/events/last_hour.h"

#include <catch2/catch.hpp>

#include "mta/system/instant.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using mta::events::Attempted;
using mta::events::Disposition;
using mta::events::LastHour;
using std::chrono::minutes;

namespace {

Attempted attempt(std::vector<Disposition> outcomes) {
  Attempted attempted;
  for (const Disposition outcome : outcomes) attempted.recipients.push_back({outcome, "you@there.example", "", {}, {}, {}});
  return attempted;
}

}  // namespace

TEST_CASE("last hour: counts what has ended, and of that what has failed or expired") {
  testing::VirtualTime time;
  asio::io_context io;
  LastHour hour;
  hour.take(attempt({Disposition::delivered, Disposition::deferred, Disposition::failed}));
  time.run_for(io, minutes(30));
  hour.take(attempt({Disposition::expired}));
  auto counts = hour.counts(mta::system::instant_now());
  CHECK(counts.ended == 3);
  CHECK(counts.failed == 2);
  time.run_for(io, minutes(45));
  counts = hour.counts(mta::system::instant_now());
  CHECK(counts.ended == 1);
  CHECK(counts.failed == 1);
  time.run_for(io, minutes(60));
  CHECK(hour.counts(mta::system::instant_now()).ended == 0);
}
