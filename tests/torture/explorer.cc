// Runs the day once and forks the disk at each operation; a fork recovers, runs for an hour, and is cut again.
#include "tests/torture/explorer.h"

#include <algorithm>

namespace mxpress::torture {
namespace {

using test::Cut;
using Disk = test::ForgetfulDisk;

struct Named {
  Cut cut;
  const char* name;
};
constexpr Named kCuts[] = {{Cut::nothing, "nothing"}, {Cut::prefix, "prefix"}, {Cut::subset, "subset"}, {Cut::names, "names"},
                           {Cut::data, "data"},       {Cut::all, "all"},       {Cut::kill, "kill"}};
constexpr std::uint64_t kUntilRestart = 1u << 30;  // calls
constexpr std::uint64_t kAgain = 12;               // calls within which the next one fails: those of a new segment, and some more

const char* name_of(Cut cut) { return kCuts[static_cast<std::size_t>(cut)].name; }
const char* name_of(Disk::Fault fault) {
  constexpr const char* names[] = {"EIO", "ENOSPC", "EMFILE"};
  return names[static_cast<std::size_t>(fault)];
}

}  // namespace

bool Explorer::is_wanted(const std::string& place) const {
  if (tally_.failures.size() >= plan_.most_failures) return false;
  return plan_.only.empty() || plan_.only.starts_with(place) || place.starts_with(plan_.only);
}

std::uint64_t Explorer::chance(const std::string& place, std::uint64_t number) const {
  std::uint64_t x = plan_.seed * 0x9E3779B97F4A7C15u + number;
  for (const char c : place) x = (x ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  return x ^ (x >> 27);
}

void Explorer::broken(const std::string& place, std::vector<std::string> what, const Life& life) {
  if (!what.empty()) tally_.failures.push_back({place, std::move(what), life.reports()});
}

void Explorer::live(Disk& disk, const std::string& place, const Look& look) {
  Promises promises;
  std::vector<std::string> wrong;
  Life life(disk, promises, wrong);
  disk.skip_syncs(plan_.skips);
  disk.before_each([&](std::uint64_t operation) { look(disk, promises, operation); });
  live_a_day(life);
  life.stop();
  disk.before_each(nullptr);
  look(disk, promises, disk.operations() + 1);
  broken(place, std::move(wrong), life);
}

void Explorer::cut_everywhere() {
  const std::string place = "day";
  Disk disk;
  disk.remember_calls();
  live(disk, place, [&](const Disk& now, const Promises& promises, std::uint64_t operation) {
    if ((operation + plan_.seed) % plan_.stride != 0) return;
    for (const auto& [how, name] : kCuts) {
      const unsigned seeds = how == Cut::subset || how == Cut::prefix ? plan_.kept : 1;
      for (unsigned i = 0; i < seeds; ++i) cut(now, promises, how, i, place + "/" + std::to_string(operation), 0);
    }
  });
  tally_.operations = disk.operations();
  tally_.calls = disk.calls().size();
}

void Explorer::cut(const Disk& disk, const Promises& promises, Cut how, std::uint64_t seed, const std::string& where, int depth) {
  const auto place = where + "." + name_of(how) + "." + std::to_string(seed);
  if (!is_wanted(place)) return;
  ++tally_.cuts;
  const auto left = disk.fork(how, chance(place, 1));
  revive(*left, promises, place, depth);
}

void Explorer::revive(Disk& disk, Promises promises, const std::string& place, int depth) {
  std::vector<std::string> wrong;
  const auto cut_again = [&](std::uint64_t operation) {
    const auto where = place + "/" + std::to_string(operation);
    const auto luck = chance(where, 2);
    for (const auto& [how, name] : kCuts) {
      if (how == Cut::all || (plan_.again > 1 && luck % (plan_.again * 5) != static_cast<std::uint64_t>(how))) continue;
      cut(disk, promises, how, 0, where, depth + 1);
    }
  };
  if (depth == 0) disk.before_each(cut_again);
  Life life(disk, promises, wrong);
  if (!life.start())
    wrong.push_back("it does not start");
  else if (depth == 0)
    life.first_hour();
  if (depth == 0) cut_again(disk.operations() + 1);
  life.die();
  broken(place, std::move(wrong), life);
}

void Explorer::fail_everywhere() {
  Disk disk;
  disk.remember_calls();
  live(disk, "day", [](const Disk&, const Promises&, std::uint64_t) {});
  const auto calls = disk.calls();
  for (std::uint64_t call = 1; call <= calls.size(); ++call) {
    if ((call + plan_.seed) % plan_.stride != 0) continue;
    for (const auto kind : {Disk::Fault::io, Disk::Fault::full, Disk::Fault::handles}) {
      if (!Disk::hits(kind, calls[call - 1])) continue;
      for (const std::uint64_t length : {std::uint64_t{1}, std::uint64_t{3}, kUntilRestart}) fail({kind, call, call + length, 0});
    }
    fail({Disk::Fault::io, call, call + 1, 2 + chance("again", call) % kAgain});
  }
}

void Explorer::fail(const Fault& fault) {
  const auto length = fault.end - fault.first;
  const auto place = std::string("day ") + name_of(fault.kind) + "@" + std::to_string(fault.first) + "+" + std::to_string(length) +
                     (fault.again == 0 ? "" : "," + std::to_string(fault.again));
  if (!is_wanted(place)) return;
  ++tally_.faults;
  Disk disk;
  disk.remember_calls();
  disk.fail_calls(fault.first, fault.end, fault.kind);
  if (fault.again != 0) disk.fail_calls(fault.first + fault.again, fault.first + fault.again + 1, fault.kind);
  std::uint64_t after = 0;  // operations since the fault
  live(disk, place, [&](const Disk& now, const Promises& promises, std::uint64_t operation) {
    if (disk.calls().size() < fault.first) return;
    const auto where = place + "/" + std::to_string(operation);
    const auto luck = chance(where, 3);
    if (++after > 2 && luck % 64 != 0) return;
    cut(now, promises, kCuts[luck / 64 % std::size(kCuts)].cut, 0, where, 0);
  });
}

}  // namespace mxpress::torture
