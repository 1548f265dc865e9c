// Room for deliveries.
#include "mta/delivery/delivery_room.h"

#include <catch2/catch.hpp>
#include <optional>
#include <vector>

#include "mta/delivery/loads.h"
#include "mta/system/log_room.h"
#include "mta/transport/transport.h"
#include "queue/message.h"
#include "tests/mta/delivery/worker_tables.h"
#include "tests/support/fake_spool.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::delivery::DeliveryRoom;
using mta::delivery::LoadBudget;
using mta::delivery::Loads;
using mta::fairness::Owner;

namespace {

const Owner kAnn = Owner::user(1001), kBob = Owner::user(1002);

struct Rooms : WorkerTables {
  FakeSpool spool;
  Loads loads{spool, nullptr};
  DeliveryRoom room{schedule, spool, loads};
  JobIndex index = job(1, "there.example");

  Rooms() { spool.owner = kAnn; }
  // Octets charged. Nullopt: it may not begin.
  std::optional<std::uint64_t> take(std::size_t recipients, LoadBudget::Charge& charge) {
    queue::Message message;
    message.envelope.submitter.uid = 1001;
    message.recipients.resize(recipients);
    if (!room.take(index, message, charge)) return std::nullopt;
    return charge.octets();
  }
  // Takes all of the memory for long lists.
  LoadBudget::Charge use_up() { return std::move(*loads.long_deliveries.try_acquire(Loads::kLongDeliveries, kBob)); }
};

constexpr std::size_t kShort = mta::transport::kManyRecipients;

}  // namespace

TEST_CASE("delivery room: a short list needs none of the memory for long ones, not even where none is left") {
  Rooms r;
  const LoadBudget::Charge all = r.use_up();
  LoadBudget::Charge charge;
  CHECK(r.take(kShort, charge) == 0u);
  CHECK(r.room.has_some(r.index));
}

TEST_CASE("delivery room: a long list is charged by its length rounded up to a power of two, and at most a quarter of all") {
  Rooms r;
  LoadBudget::Charge charge;
  CHECK(r.take(kShort + 1, charge) == 2 * kShort * Loads::kRecipient);
  charge.release();
  CHECK(r.take(4 * kShort, charge) == 4 * kShort * Loads::kRecipient);
  charge.release();
  CHECK(r.take(1'000'000, charge) == Loads::kLongDeliveries / 4);
}

TEST_CASE("delivery room: a list that does not fit waits, is known to be long from then on, and may begin once there is room") {
  Rooms r;
  LoadBudget::Charge charge;
  LoadBudget::Charge all = r.use_up();
  CHECK(r.room.has_some(r.index));  // nothing is known of it yet
  CHECK_FALSE(r.take(kShort + 1, charge));
  CHECK(charge.octets() == 0);
  CHECK_FALSE(r.room.has_some(r.index));
  all.release();
  CHECK(r.room.has_some(r.index));
  CHECK(r.take(kShort + 1, charge));
}

TEST_CASE("delivery room: mail of an owner with too many lines in the log waits, mail of others does not") {
  Rooms r;
  auto lines = mta::log_rooms().outcomes.charge(kAnn, 40u << 20);
  CHECK_FALSE(r.room.has_log_room(r.index));
  CHECK_FALSE(r.room.has_some(r.index));
  r.spool.owner = kBob;
  CHECK(r.room.has_some(r.index));
  r.spool.owner = kAnn;
  lines.release();
  CHECK(r.room.has_some(r.index));
}
