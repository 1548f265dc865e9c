// The part of its message that a job gets, and the fate of a job that gets none.
#include "mta/delivery/job_loader.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <vector>

#include "mta/config/config.h"
#include "mta/delivery/loads.h"
#include "mta/delivery/ownership.h"
#include "mta/events/hub.h"
#include "mta/transport/report.h"
#include "queue/schedule.h"
#include "tests/mta/delivery/worker_tables.h"
#include "tests/support/fake_spool.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::delivery::JobLoader;
using mta::delivery::Need;
using mta::delivery::Share;
using mta::transport::AttemptReport;

namespace {

// Content whose read gives the error, if there is one.
struct Text final : queue::Content {
  explicit Text(Status status) : state(std::move(status)) {}
  Status state;
  std::uint64_t size() const override { return 3; }
  Result<std::size_t> read(std::uint64_t offset, char* buffer, std::size_t) const override {
    if (!state) return state.error();
    const std::string_view rest = std::string_view("a\r\n").substr(offset);
    rest.copy(buffer, rest.size());
    return rest.size();
  }
  Status verify() const override { return state; }
  Status verify(std::string_view) const override { return state; }
  Status verify_crc(std::uint32_t) const override { return state; }
};

// Content that has a file of its own; counts the octets that are read.
struct Long final : queue::Content {
  mutable std::uint64_t octets_read = 0;
  std::uint64_t size() const override { return 2 * queue::kInlineContent; }
  Result<std::size_t> read(std::uint64_t, char*, std::size_t size) const override {
    octets_read += size;
    return size;
  }
  Status verify() const override { return {}; }
  Status verify(std::string_view) const override { return {}; }
  Status verify_crc(std::uint32_t) const override { return {}; }
};

struct Loader : WorkerTables {
  asio::io_context io;
  FakeSpool spool;
  mta::delivery::Loads loads{spool, nullptr};
  NoSites ownership;
  std::vector<JobIndex> waiting;
  std::vector<AttemptReport> settled;
  mta::events::Hub events;
  JobLoader loader{{io, schedule, destinations, config, spool, events, nullptr, loads, ownership},
                   {[this](JobIndex job) { waiting.push_back(job); },
                    [this](JobIndex, DestinationIndex, Share, AttemptReport report) { settled.push_back(std::move(report)); }}};
  JobIndex leased = job(1, "there.example");
  DestinationIndex there = schedule.destination("there.example");

  Loader() { schedule.lease(there); }

  static queue::Message message(const std::string& recipient, Status content = {}) {
    queue::Message message;
    message.id = queue::QueueId{1};
    message.envelope.recipients.push_back({*proto::Mailbox::parse(recipient), {}, {}});
    message.recipients.resize(1);
    message.content = std::make_shared<Text>(std::move(content));
    return message;
  }

  Share load(Need need = Need::content) {
    Share share;
    auto call = [&]() -> Task<void> { share = co_await loader.load(leased, there, need); };
    asio::co_spawn(io, call(), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
    io.restart();
    io.run();
    return share;
  }
};

}  // namespace

TEST_CASE("job loader: a job gets the message with its content") {
  Loader l;
  l.spool.loaded = Loader::message("you@there.example");
  const Share share = l.load();
  REQUIRE(share);
  CHECK(share->content->size() == 3);
  CHECK(l.schedule.has_jobs(l.there));
}

TEST_CASE("job loader: large content is read once for all jobs of a while") {
  Loader l;
  const auto content = std::make_shared<Long>();
  auto message = Loader::message("you@there.example");
  message.content = content;
  l.spool.loaded = message;
  for (int job = 0; job < 9; ++job) CHECK(l.load());
  CHECK(content->octets_read == content->size());
}

TEST_CASE("job loader: to be concluded a message needs no content, be it damaged or not") {
  Loader l;
  l.spool.loaded = Loader::message("you@there.example", Error::permanent("damaged"));
  const Share share = l.load(Need::envelope);
  REQUIRE(share);
  CHECK_FALSE(share->content);
  CHECK(l.settled.empty());
}

TEST_CASE("job loader: a message that cannot be read now is tried again, and one that is gone is forgotten") {
  Loader l;
  l.spool.loaded = Error::transient("no descriptors");
  CHECK_FALSE(l.load());
  CHECK(l.waiting == std::vector{l.leased});
  CHECK(l.schedule.has_jobs(l.there));
  l.spool.loaded = Error::permanent("no such message");
  CHECK_FALSE(l.load());
  CHECK(l.waiting.size() == 1);
  CHECK_FALSE(l.schedule.has_jobs(l.there));
}

TEST_CASE("job loader: damaged content has failed, content that cannot be read now is deferred") {
  Loader l;
  const bool is_damaged = GENERATE(true, false);
  l.spool.loaded = Loader::message("you@there.example", is_damaged ? Error::permanent("damaged") : Error::transient("no descriptors"));
  CHECK_FALSE(l.load());
  REQUIRE(l.settled.size() == 1);
  REQUIRE(l.settled[0].results.size() == 1);
  CHECK(l.settled[0].results[0].outcome == (is_damaged ? proto::Outcome::failed : proto::Outcome::deferred));
  CHECK(l.settled[0].results[0].last.status == proto::EnhancedStatus{is_damaged ? 5 : 4, 3, 0});
}

TEST_CASE("job loader: recipients that have another destination now get their jobs there") {
  Loader l;
  l.spool.loaded = Loader::message("you@elsewhere.example");
  CHECK_FALSE(l.load());
  CHECK_FALSE(l.schedule.has_jobs(l.there));
  CHECK(l.ownership.readmitted == std::vector<std::uint64_t>{1});
}

TEST_CASE("job loader: nothing is left to do for a message that has ended") {
  Loader l;
  auto ended = Loader::message("you@there.example");
  ended.ended = true;
  l.spool.loaded = ended;
  CHECK_FALSE(l.load());
  CHECK_FALSE(l.schedule.has_jobs(l.there));
  CHECK(l.ownership.readmitted.empty());
}
