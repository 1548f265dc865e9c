// The file of rate limits after a restart, a boot, and steps of the clock.
#include "mta/rates/record.h"

#include <catch2/catch.hpp>

using namespace mxpress;
using namespace mxpress::mta::rates;
using namespace std::chrono_literals;

namespace {

const WallTime kNoon{std::chrono::hours(400'000)};
const std::string kLines = "limit route.office messages 3600000 7 60000*3 0*2\nlimit credentials.me recipients 86400000 0 5*10\n";

std::string written() { return record_text({kNoon, Instant(10h), "first"}, kLines); }

// The time of the entry one minute before the record, on a reader's clock.
Instant entry_for(const Moment& now) { return parse_record(written(), now).value().at(0).entries.at(0).last; }

}  // namespace

TEST_CASE("rates record: is read as it was written") {
  const auto limits = parse_record(written(), {kNoon + 5min, Instant(10h + 5min), "first"});
  REQUIRE(limits);
  REQUIRE(limits->size() == 2);
  const SavedLimit& office = limits->at(0);
  CHECK(office.key == "route.office");
  CHECK(office.counts == Counts::messages);
  CHECK(office.period == 1h);
  CHECK(office.reserved == 7);
  REQUIRE(office.entries.size() == 2);
  CHECK(office.entries[0].last == Instant(10h - 1min));
  CHECK(office.entries[0].count == 3);
  CHECK(limits->at(1).counts == Counts::recipients);
  CHECK(limits->at(1).entries.at(0).count == 10);
}

TEST_CASE("rates record: within one boot the wall clock plays no part") {
  const Instant then(10h - 1min);
  CHECK(entry_for({kNoon - 24h, Instant(10h + 5min), "first"}) == then);
  CHECK(entry_for({kNoon + 24h * 365, Instant(10h + 5min), "first"}) == then);
}

TEST_CASE("rates record: after a boot the wall clock tells what has passed; one that was set back tells nothing") {
  CHECK(entry_for({kNoon + 20min, Instant(1min), "second"}) == Instant(1min) - 21min);
  CHECK(entry_for({kNoon - 24h, Instant(1min), "second"}) == Instant(0min));  // an hour later it is over all the same
}

TEST_CASE("rates record: a file that is damaged says so") {
  const Moment now{kNoon, Instant(10h), "first"};
  std::string text = written();
  CHECK(parse_record(text, now));
  for (const std::size_t place : {std::size_t{3}, text.size() / 2, text.size() - 3}) {
    std::string other = text;
    other[place] = other[place] == '1' ? '2' : '1';
    CHECK_FALSE(parse_record(other, now));
  }
  CHECK_FALSE(parse_record("", now));
  CHECK_FALSE(parse_record(text.substr(0, text.size() / 2), now));
  CHECK_FALSE(parse_record(record_text(now, "limit route.office messages 0 7\n"), now));
  CHECK_FALSE(parse_record(record_text(now, "limit route.office letters 1 7\n"), now));
  CHECK_FALSE(parse_record(record_text(now, "limit route.office messages 1000 7 5-3\n"), now));
}
