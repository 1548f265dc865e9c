// The record left by a crashed daemon, and the message to blame.
#include "mta/system/crash_record.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <thread>

#include "mta/delivery/suspects.h"
#include "tests/support/fake_control.h"
#include "tests/support/simulation.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::mta;
using namespace mxpress::testing;
using queue::QueueId;
using std::chrono::minutes;
using system::CrashRecord;
using system::HandlingNow;
using system::Suspect;
using test::TempFolder;

namespace {

const QueueId a{1}, b{2}, c{3}, d{4};

// A daemon that ends as `life` ends, with its record in this folder. Returns how it ended.
int live(const TempFolder& folder, const std::function<void(CrashRecord&)>& life) {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    for (const int number : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}) ::signal(number, SIG_DFL);  // not those of the tests
    ::alarm(60);
    auto record = CrashRecord::open(folder.path());
    if (!record) ::_exit(100);
    life(**record);
    record->reset();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return status;
}

std::vector<Suspect> suspects(const TempFolder& folder) {
  auto record = CrashRecord::open(folder.path());
  REQUIRE(record);
  return (*record)->suspects();
}

volatile bool goes_on = true;

int use_up_the_stack(int depth) {
  volatile char room[4096];
  room[0] = static_cast<char>(depth);
  return goes_on ? use_up_the_stack(depth + 1) + room[0] : 0;
}

}  // namespace

TEST_CASE("judge: a message that was handled alone at two deaths is set aside") {
  auto known = system::judge({}, {a});
  CHECK(known == std::vector<Suspect>{{a, 1, false}});
  known = system::judge(known, {a});
  CHECK(known == std::vector<Suspect>{{a, 2, true}});
}

TEST_CASE("judge: one of many is set aside at its third death, and none of those that were handled beside it") {
  auto known = system::judge({}, {a, b, c});
  known = system::judge(known, {b, d});  // b is tried alone among the suspects, beside new mail
  for (const Suspect& suspect : known) CHECK_FALSE(suspect.set_aside);
  known = system::judge(known, {b, QueueId{9}});
  for (const Suspect& suspect : known) CHECK(suspect.set_aside == (suspect.message == b));
}

TEST_CASE("judge: where several suspects are handled at a death none of them counts it") {
  auto known = system::judge({}, {a, b});
  for (int death = 0; death < 10; ++death) known = system::judge(known, {a, b});
  CHECK(known == std::vector<Suspect>{{a, 1, false}, {b, 1, false}});
}

TEST_CASE("crash record: what was handled when a fault ended the daemon is suspect, and what had been handled is not") {
  for (const int number : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}) {
    const TempFolder folder;
    const int status = live(folder, [number](CrashRecord& record) {
      auto& region = record.region(0);
      const auto slot = region.begin(a);
      region.begin(b);
      region.end(slot);
      ::raise(number);
    });
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == number);  // the parent process sees the fault
    CHECK(suspects(folder) == std::vector<Suspect>{{b, 1, false}});
  }
}

TEST_CASE("crash record: only the messages of the thread that died are suspect; of one that works at one message, only that") {
  const TempFolder folder;
  live(folder, [](CrashRecord& record) {
    std::thread([&] { record.region(1).begin(a); }).join();
    record.region(0).begin(b);
    ::raise(SIGSEGV);
  });
  CHECK(suspects(folder) == std::vector<Suspect>{{b, 1, false}});
  const TempFolder other;
  live(other, [](CrashRecord& record) {
    record.region(0).begin(a);
    std::thread([] {
      const HandlingNow now(c);
      ::raise(SIGSEGV);
    }).join();
  });
  CHECK(suspects(other) == std::vector<Suspect>{{c, 1, false}});
}

TEST_CASE("crash record: a stack that is used up leaves its message, too") {
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer)
  const TempFolder folder;
  const int status = live(folder, [](CrashRecord&) {
    std::thread([] {
      const HandlingNow now(c);
      use_up_the_stack(0);
    }).join();
  });
  CHECK(WTERMSIG(status) == SIGSEGV);
  CHECK(suspects(folder) == std::vector<Suspect>{{c, 1, false}});
#endif
}

TEST_CASE("crash record: kill -9, a good end and a fault without mail make no suspect") {
  const TempFolder folder;
  live(folder, [](CrashRecord& record) {
    record.region(0).begin(a);
    ::raise(SIGKILL);
  });
  CHECK(suspects(folder).empty());
  live(folder, [](CrashRecord& record) { record.region(0).begin(a); });
  CHECK(suspects(folder).empty());
  live(folder, [](CrashRecord&) { ::raise(SIGSEGV); });
  CHECK(suspects(folder).empty());
}

TEST_CASE("crash record: five hundred kills in a row hold nothing") {
  const TempFolder folder;
  for (int i = 0; i < 500; ++i)
    live(folder, [](CrashRecord& record) {
      const HandlingNow now(a);
      record.region(0).begin(a);
      ::raise(SIGKILL);
    });
  CHECK(suspects(folder).empty());
}

TEST_CASE("crash record: an end for want of memory, as systemd tells it, makes all suspect that was handled") {
  const TempFolder folder;
  const auto killed = [](CrashRecord& record) {
    std::thread([&] { record.region(1).begin(a); }).join();
    record.region(0).begin(b);
    ::raise(SIGKILL);
  };
  live(folder, killed);
  REQUIRE(system::note_end(folder.path(), "signal"));
  CHECK(suspects(folder).empty());
  live(folder, killed);
  REQUIRE(system::note_end(folder.path(), "oom-kill"));
  auto record = CrashRecord::open(folder.path());
  REQUIRE(record);
  CHECK((*record)->suspects() == std::vector<Suspect>{{a, 1, false}, {b, 1, false}});
  CHECK((*record)->last_death() == "want of memory");
}

TEST_CASE("crash record: a suspect that is handled without harm is none any more, and one that kills again is set aside") {
  const TempFolder folder;
  const auto dies = [](CrashRecord& record) {
    record.region(0).begin(a);
    ::raise(SIGSEGV);
  };
  live(folder, dies);
  live(folder, [](CrashRecord& record) {
    if (!record.is_suspect(a)) ::_exit(101);
    const system::Handled handled(&record.region(0), a);
  });
  CHECK(suspects(folder).empty());
  live(folder, dies);
  live(folder, [](CrashRecord&) { ::raise(SIGKILL); });  // meanwhile
  live(folder, dies);
  auto record = CrashRecord::open(folder.path());
  REQUIRE(record);
  CHECK((*record)->is_newly_set_aside(a));
  record->reset();
  record = CrashRecord::open(folder.path());
  REQUIRE(record);
  CHECK((*record)->is_set_aside(a));
  CHECK_FALSE((*record)->is_newly_set_aside(a));
  (*record)->clear(a);
  CHECK((*record)->suspects().empty());
}

TEST_CASE("crash record: more messages at a time than there are slots do no harm, nor does a file of nonsense") {
  const TempFolder folder;
  live(folder, [](CrashRecord& record) {
    std::vector<std::uint32_t> slots;
    for (std::uint64_t id = 1; id <= CrashRecord::kSlots + 10; ++id) slots.push_back(record.region(0).begin(QueueId{id}));
    for (const std::uint32_t slot : slots) record.region(0).end(slot);
    record.region(0).begin(a);
    ::raise(SIGSEGV);
  });
  CHECK(suspects(folder) == std::vector<Suspect>{{a, 1, false}});
  const std::string path = (folder.path() / "handled").string();
  REQUIRE(::truncate(path.c_str(), 100) == 0);
  CHECK(suspects(folder).size() <= 1);
  REQUIRE(::unlink(path.c_str()) == 0);
  REQUIRE(::symlink("/dev/null", path.c_str()) == 0);
  CHECK_FALSE(CrashRecord::open(folder.path()));
}

TEST_CASE("suspect line: one at a time, until it is handled without harm or two minutes have passed") {
  struct Record {
    std::set<QueueId> suspects = {a, b, c, d}, being_handled;
    bool is_suspect(QueueId id) const { return suspects.contains(id); }
    bool is_handled(QueueId id) const { return being_handled.contains(id); }
    void clear(QueueId id) { suspects.erase(id); }
  } record;
  delivery::SuspectLine line;
  for (const QueueId id : {a, b, c, d}) line.add(id);
  const queue::Instant start{};
  CHECK(line.next(start, record) == a);
  CHECK_FALSE(line.next(start, record));
  record.clear(a);
  CHECK(line.next(start, record) == b);
  CHECK_FALSE(line.next(start + minutes(2) - Duration(1), record));
  CHECK(line.next(start + minutes(2), record) == c);
  CHECK(record.is_suspect(b));  // its time had not come
  record.being_handled.insert(c);
  CHECK(line.next(start + minutes(4), record) == d);
  CHECK_FALSE(record.is_suspect(c));  // so that d is the only suspect that is handled
}

TEST_CASE("set aside: a message is held with the reason, other mail goes on, and a release delivers it") {
  Simulation world;
  SimulatedHost there;
  world.host("192.0.2.1:25", there);
  world.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
  there.dot = [] { return "451 4.3.0 not now"; };
  const QueueId poison = world.submit("me@here.example", {"you@there.example"});
  const QueueId other = world.submit("me@here.example", {"her@there.example"});
  world.run_for(minutes(1));
  there.dot = [] { return "250 2.0.0 taken"; };
  world.poison.insert(poison);
  world.crash();
  CHECK(world.run_until([&] { return world.queued() == 1; }, minutes(30)));
  world.run_for(std::chrono::hours(24 * 40));  // it neither expires nor returns
  const auto held = world.load(poison);
  CHECK(held.held);
  CHECK_FALSE(held.ended);
  REQUIRE(held.recipients[0].last);
  CHECK_THAT(held.recipients[0].last->text, Catch::Contains("died more than once while it handled this message, last of signal 11"));
  const auto rows = world.status();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].destination == delivery::kSetAside);
  CHECK(rows[0].held == 1);
  CHECK(world.load(other).ended);

  CHECK(world.act(queue::ActionKind::retry, poison) == delivery::ActionEffect::held);
  CHECK(world.act(queue::ActionKind::release, poison) == delivery::ActionEffect::done);
  CHECK(world.run_until([&] { return world.queued() == 0; }, std::chrono::hours(24)));
}
