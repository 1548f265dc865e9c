// Findings about this host itself, and what has changed since the last run.
#include "mta/doctor/host_checks.h"

#include <catch2/catch.hpp>

#include "mta/doctor/history.h"
#include "tests/support/doctor_fakes.h"

namespace mxpress::testing {
namespace {

using namespace mta::doctor;

constexpr std::uint64_t kMiB = 1 << 20;

ClockFacts clock_at(std::int64_t hours, bool is_synchronised, std::int64_t latest) {
  return {is_synchronised, 3, WallTime(std::chrono::hours(hours)), WallTime(std::chrono::hours(latest)), "/etc/mxpress/mxpress.toml"};
}

Findings disk(std::uint64_t free, std::uint64_t files, std::uint64_t free_files) {
  return check_disk({"/var/spool/mxpress", "", free * kMiB, 1000 * kMiB, 32 * kMiB, free_files, files});
}

}  // namespace

TEST_CASE("doctor: a clock before a file's time is wrong; one that nobody keeps is only unknown") {
  CHECK(check_clock(clock_at(100, true, 99)).state == State::fine);
  CHECK(check_clock(clock_at(100, false, 99)).state == State::unknown);
  CHECK(check_clock(clock_at(100, true, 102)).state == State::wrong);
  CHECK(check_clock(clock_at(100, true, 101)).state == State::fine);
}

TEST_CASE("doctor: the disk has room for mail and for files") {
  CHECK(finding_of(disk(500, 0, 0), "disk").state == State::fine);
  CHECK(finding_of(disk(31, 0, 0), "disk").state == State::wrong);
  CHECK(finding_of(disk(40, 0, 0), "disk").state == State::wrong);
  CHECK(finding_of(disk(500, 0, 0), "inodes").state == State::not_needed);
  CHECK(finding_of(disk(500, 10'000, 9'000), "inodes").state == State::fine);
  CHECK(finding_of(disk(500, 10'000, 999), "inodes").state == State::wrong);
  CHECK(finding_of(check_disk({"/var/spool/mxpress", "Permission denied"}), "disk").state == State::unknown);
}

TEST_CASE("doctor: sendmail is that of mxpress, of nobody or of another mail server") {
  using Owner = ProgramFacts::Owner;
  CHECK(check_program({"/usr/sbin/sendmail", "/usr/sbin/sendmail", Owner::mxpress}).state == State::fine);
  CHECK(check_program({"/usr/sbin/sendmail", "", Owner::nobody}).state == State::not_needed);
  CHECK(check_program({"/usr/sbin/sendmail", "/usr/sbin/sendmail", Owner::unknown}).state == State::unknown);
  const Finding finding = check_program({"/usr/sbin/sendmail", "/usr/sbin/exim4", Owner::other});
  CHECK(finding.state == State::wrong);
  CHECK_THAT(finding.evidence, Catch::Contains("/usr/sbin/exim4"));
}

TEST_CASE("doctor: a port of ours is known by its greeting") {
  const Listener here{address("127.0.0.1"), 25}, ipv6{address("::1"), 25, true};
  CHECK(check_listener(here, {0, "220 mail.here.example ESMTP mxpress"}).state == State::fine);
  CHECK(check_listener(here, {0, "220 mail.here.example ESMTP Postfix"}).state == State::wrong);
  CHECK(check_listener(here, {0, ""}).state == State::unknown);
  CHECK(check_listener(here, {ECONNREFUSED, ""}).state == State::wrong);
  CHECK(check_listener(ipv6, {EADDRNOTAVAIL, ""}).state == State::not_needed);
}

TEST_CASE("doctor: somebody reads the mail of root") {
  CHECK(check_alias({"root", {"admin@there.example"}, {}, {}}).state == State::fine);
  CHECK(check_alias({"root", {}, {"there is no user rooot@here.example"}, {}}).state == State::wrong);
  CHECK(check_alias({"root", {}, {}, "the name service does not answer"}).state == State::unknown);
}

TEST_CASE("doctor: what the daemon reports is wrong; without a daemon that is") {
  DaemonFacts daemon;
  CHECK(finding_of(check_daemon(daemon), "daemon").state == State::fine);
  daemon.outages = {{"direct", "no route to any network", "Set up the network"}};
  CHECK(finding_of(check_daemon(daemon), "outage direct").state == State::wrong);
  daemon.failure = "No such file or directory";
  CHECK(finding_of(check_daemon(daemon), "daemon").state == State::wrong);
}

TEST_CASE("doctor: a user who cannot read keys hears of them by the daemon") {
  DaemonFacts daemon;
  daemon.keys = {{"a._domainkey.here.example", "signs", ""},
                 {"b._domainkey.here.example", "lost", "there is no record"},
                 {"c._domainkey.here.example", "off", ""}};
  const Findings findings = check_keys_of(daemon);
  CHECK(findings.size() == 2);
  CHECK(finding_of(findings, "dkim a._domainkey.here.example").state == State::fine);
  CHECK(finding_of(findings, "dkim b._domainkey.here.example").state == State::wrong);
}

TEST_CASE("doctor: a change is what has begun or ceased to be wrong, and evidence is none") {
  const Findings first = {{"ptr 192.0.2.1", State::wrong, "no PTR"}, fine("clock", "well")};
  const Change begun = change_of({}, first);
  CHECK(words_of(begun) == "wrong: ptr 192.0.2.1: no PTR");
  const Wrongs kept = parse_wrongs(text_of(begun.now));
  CHECK(kept == begun.now);
  CHECK(change_of(kept, {{"ptr 192.0.2.1", State::wrong, "other words"}}).is_empty());
  CHECK(words_of(change_of(kept, {fine("ptr 192.0.2.1", "well")})) == "no longer wrong: ptr 192.0.2.1");
  CHECK(change_of(kept, {fine("ptr 192.0.2.1", "well")}).now.empty());
}

TEST_CASE("doctor: what the daemon reports is no change, because it sends alerts of that itself") {
  CHECK(change_of({}, {{"daemon 3 messages wait", State::wrong, "..."}, {"outage direct", State::wrong, "..."}}).is_empty());
}

TEST_CASE("doctor: what cannot be told is as it was") {
  const Wrongs before = {{"ptr 192.0.2.1", "no PTR"}, {"block-list bl.example", "listed"}};
  const Change change = change_of(before, {unknown("ptr", "No name server answers."), unknown("block-lists", "No name server answers.")});
  CHECK(change.is_empty());
  CHECK(change.now == before);
}

}  // namespace mxpress::testing
