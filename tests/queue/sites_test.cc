// The spool's memory of sites is bounded, and causes no writes while nothing happens.
#include "queue/sites.h"

#include <catch2/catch.hpp>

#include "proto/sha256.h"
#include "proto/site_key.h"
#include "proto/spool.pb.h"
#include "queue/codec.h"
#include "tests/queue/spool_fixture.h"

namespace mxpress::queue {
namespace {

constexpr std::size_t kSites = 10'000;
constexpr int kQuietRounds = 200;

// 32 mail hosts with names of 200 octets.
std::string long_key(std::size_t number) {
  std::string key;
  for (int host = 0; host < 32; ++host) {
    auto name = "mx" + std::to_string(host) + ".site" + std::to_string(number) + ".";
    while (name.size() < 192) name += "label.";
    key += (host == 0 ? "" : ">") + name.substr(0, 192) + ".example";
  }
  return key + ":25";
}

SiteRecord failure(std::size_t number, WallTime next_probe = WallTime(Duration(6000))) {
  proto::HostResult refused;
  refused.host = "mx." + std::to_string(number) + ".example";
  refused.text = std::string(4000, 't');
  return {long_key(number), 3, next_probe, refused};
}

struct ManySites : SpoolFixture {
  Duration since_boot{1000};

  ManySites() {
    options.segment_size = 1 << 20;
    options.journal_size = 4 << 20;
    options.since_boot = [this] { return since_boot; };
    REQUIRE(open());
    for (std::size_t i = 0; i < kSites; ++i) {
      spool->record_site(failure(i));
      if (i % 500 == 0) commit();
    }
    commit();
  }

  // The work of committer and housekeeper; an hour passes in each round.
  void round() {
    since_boot += std::chrono::hours(1);
    commit();
    spool->checkpoint();
  }
};

TEST_CASE("sites: ten thousand with long names are written again within a bound, and then nothing is written, after a restart as well") {
  ManySites f;
  for (int run = 0; run < 3; ++run) {
    const auto begun = f.disk.octets_written();
    for (int i = 0; i < 10; ++i) f.round();
    CHECK(f.disk.octets_written() - begun <= f.options.segment_size);
    const auto quiet = f.disk.operations();
    for (int i = 0; i < kQuietRounds; ++i) f.round();
    CHECK(f.disk.operations() == quiet);
    CHECK(f.spool->counters().journal_bytes <= f.options.journal_size);
    REQUIRE(f.open());
    CHECK_FALSE(f.sites.empty());
  }
}

TEST_CASE("sites: a journal that is always too long is shortened to the records of sites, and is left alone then") {
  ManySites f;
  f.options.journal_size = 1;
  REQUIRE(f.open());
  f.spool->record_site(failure(1));
  for (int i = 0; i < 10; ++i) f.round();
  const auto quiet = f.disk.operations();
  for (int i = 0; i < kQuietRounds; ++i) f.round();
  CHECK(f.disk.operations() == quiet);
  CHECK(f.spool->counters().journal_bytes <= 2 * f.options.segment_size);
}

TEST_CASE("sites: a daemon whose mail has gone writes nothing, after a restart as well; while mail waits its age is marked") {
  ManySites f;
  const auto id = f.store(new_message()).value();
  const auto waiting = f.disk.operations();
  f.round();
  CHECK(f.disk.operations() > waiting);
  f.spool->settle(settlement(id, 0, RecipientStage::delivered), nullptr);
  for (int run = 0; run < 2; ++run) {
    for (int i = 0; i < 10; ++i) f.round();
    const auto quiet = f.disk.operations();
    for (int i = 0; i < kQuietRounds; ++i) f.round();
    CHECK(f.disk.operations() == quiet);
    REQUIRE(f.open());
  }
}

TEST_CASE("sites: one whose next probe was due more than a day ago is forgotten at recovery and at a checkpoint") {
  WallTime now(std::chrono::days(1000));  // asked by the spool until its end
  SpoolFixture f;
  f.options.wall = [&now] { return now; };
  f.options.journal_size = 1;
  REQUIRE(f.open());
  f.spool->record_site({"soon:25", 3, now + std::chrono::hours(1), std::nullopt});
  f.spool->record_site({"late:25", 3, now + std::chrono::hours(40), std::nullopt});
  f.commit();
  SECTION("at recovery") {}
  SECTION("at a checkpoint") {
    REQUIRE(f.open());
    now += std::chrono::hours(26);
    REQUIRE(f.store(new_message()));
    f.spool->checkpoint();
    now -= std::chrono::hours(26);
    REQUIRE(f.open());
    REQUIRE(f.sites.size() == 1);
  }
  now += std::chrono::hours(26);
  REQUIRE(f.open());
  REQUIRE(f.sites.size() == 1);
  CHECK(f.sites[0].site == "late:25");
}

TEST_CASE("sites: beyond the number and the octets those go whose next probe comes first") {
  Sites sites;
  const auto probe = [](std::size_t i) { return WallTime(Duration(static_cast<std::int64_t>(i * 7919 % 20'000))); };
  SECTION("number") {
    for (std::size_t i = 0; i < 20'000; ++i) sites.set(std::to_string(i), {{1, 0}, 100, probe(i)});
    CHECK(sites.size() <= Sites::kMaxRecords);
    CHECK(sites.size() >= Sites::kMaxRecords / 8 * 7);
  }
  SECTION("octets") {
    sites.limit_octets(100'000);
    for (std::size_t i = 0; i < 20'000; ++i) sites.set(std::to_string(i), {{1, 0}, 1000, probe(i)});
    CHECK(sites.size() <= 100);
    CHECK(sites.octets() == sites.size() * 1000);
  }
  const auto kept = sites.size() / 2;  // the others may have been added since some were last forgotten
  std::size_t late = 0;
  for (const auto& [name, known] : sites) late += known.next_probe >= WallTime(Duration(20'000 - static_cast<std::int64_t>(kept)));
  CHECK(late == kept);
  for (std::size_t i = 0; i < 20'000; ++i) sites.erase(std::to_string(i));
  CHECK(sites.octets() == 0);
}

TEST_CASE("sites: a record with the long key of an earlier version is read with the key that its site has now, and its texts are cut") {
  pb::Site old;
  old.set_site(long_key(1));
  old.set_failures(5);
  old.mutable_last()->set_text(std::string(100'000, 'x'));
  const auto site = decode_site(old.SerializeAsString());
  REQUIRE(site);
  CHECK(site->site == proto::short_site_key(long_key(1)));
  CHECK(site->failures == 5);
  CHECK(site->last->text.size() == 500);
  CHECK(octets_of(*site) >= kRecordHeader + encode(*site).size() + 8);
}

TEST_CASE("site key: a long one keeps the first host and the port, differs with every host, and is shortened once only") {
  const auto key = proto::short_site_key(long_key(1));
  CHECK(key.size() <= proto::kMaxSiteKey);
  CHECK(key.starts_with("mx0.site1.label."));
  CHECK(key.ends_with(":25"));
  CHECK(proto::short_site_key(key) == key);
  auto other = long_key(1);
  other[3000] = other[3000] == 'x' ? 'y' : 'x';
  CHECK(proto::short_site_key(other) != key);
  CHECK(proto::short_site_key("a.example>b.example:25") == "a.example>b.example:25");
  for (const auto& odd : {std::string(5000, 'a'), std::string(5000, ':'), std::string(5000, ','), std::string(301, '>') + ":65535"}) {
    CHECK(proto::short_site_key(odd).size() <= proto::kMaxSiteKey);
    CHECK(proto::short_site_key(proto::short_site_key(odd)) == proto::short_site_key(odd));
  }
}

TEST_CASE("sha256: as FIPS 180-4 has it") {
  CHECK(proto::sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(proto::sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(proto::sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(proto::sha256_hex(std::string(1'000'000, 'a'), 16) == "cdc76e5c9914fb92");
}

}  // namespace
}  // namespace mxpress::queue
