// torture-disk: the scripted day of the spool on a disk that forgets, seed after seed. Exit code 1 if a guarantee was broken.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "tests/torture/explorer.h"
#include "tests/torture/left_out.h"

namespace {

using namespace mxpress::torture;

constexpr std::uint64_t kShown = 30;  // failures

struct Options {
  std::uint64_t cuts = 1'000'000;     // rounds begin until this many were made
  std::uint64_t first = 1, last = 0;  // seeds; last 0: as many as needed for the cuts
  std::uint64_t again = 20;           // as in Plan
  std::uint64_t stride = 1;
  unsigned jobs = 1;
  bool leaves_out = false;
  std::string only;
};

constexpr char kUsage[] =
    "usage: torture-disk [--cuts N | --seeds A-B | --leave-out yes] [--jobs N] [--again N] [--stride N] [--only PLACE]\n"
    "Cuts the power at every operation of a scripted day of the spool in every way, again during the recovery, and makes every call fail.\n"
    "  --cuts N         rounds, each with a seed of its own, until there were N cuts (1000000)\n"
    "  --seeds A-B      these rounds\n"
    "  --leave-out yes  instead: leaves out each sync of the spool in turn, and says after how many cuts that was found\n"
    "  --jobs N         rounds at the same time (1)\n"
    "  --again N        a second cut at every Nth operation of a recovery, by chance (20); 1: at each\n"
    "  --stride N       only every Nth operation and call of the day (1)\n"
    "  --only PLACE     only there, with all that the spool said\n";

[[noreturn]] void usage() {
  std::fputs(kUsage, stderr);
  std::exit(64);
}

void set(Options& options, std::string_view name, const std::string& value) {
  char* end = nullptr;
  const auto number = std::strtoull(value.c_str(), &end, 10);
  if (name == "--only") {
    options.only = value;
  } else if (name == "--leave-out" && value == "yes") {
    options.leaves_out = true;
  } else if (end == value.c_str()) {
    usage();
  } else if (name == "--cuts") {
    options.cuts = number;
  } else if (name == "--jobs") {
    options.jobs = static_cast<unsigned>(number);
  } else if (name == "--again") {
    options.again = number;
  } else if (name == "--stride") {
    options.stride = number;
  } else if (name == "--seeds") {
    options.first = number;
    options.last = *end == '-' ? std::strtoull(end + 1, nullptr, 10) : number;
  } else {
    usage();
  }
}

class Run {
 public:
  explicit Run(Options options) : options_(std::move(options)), next_(options_.first) {}

  void work() {
    for (auto seed = next_++; wants(seed); seed = next_++) {
      Explorer explorer({.seed = seed, .stride = options_.stride, .again = options_.again, .only = options_.only});
      explorer.cut_everywhere();
      explorer.fail_everywhere();
      add(seed, explorer.tally());
    }
  }

  int report(double seconds) const {
    std::printf(
        "rounds %lu, operations %lu and calls %lu a day, cuts %lu, errors injected %lu, failures %lu, lost %lu; %.0f s, %.0f cuts a "
        "second\n",
        rounds_, last_.operations, last_.calls, cuts_.load(), faults_, failures_, lost_, seconds, static_cast<double>(cuts_) / seconds);
    return failures_ == 0 ? 0 : 1;
  }

 private:
  bool wants(std::uint64_t seed) const { return options_.last != 0 ? seed <= options_.last : cuts_ < options_.cuts; }

  void add(std::uint64_t seed, const Tally& tally) {
    const std::lock_guard lock(mutex_);
    ++rounds_;
    cuts_ += tally.cuts;
    faults_ += tally.faults;
    failures_ += tally.failures.size();
    last_ = tally;
    for (const auto& failure : tally.failures) show(seed, failure);
  }

  void show(std::uint64_t seed, const Failure& failure) {
    for (const auto& what : failure.what) lost_ += what.find("lost") != std::string::npos;
    if (++shown_ > kShown) return;
    std::printf("%s\n", failure.what.front().c_str());
    std::printf("  again: torture-disk --seeds %lu --again %lu --only '%s'\n", seed, options_.again, failure.place.c_str());
    if (options_.only.empty()) return;
    for (const auto& what : failure.what) std::printf("  wrong: %s\n", what.c_str());
    for (const auto& report : failure.reports) std::printf("  said: %s\n", report.c_str());
  }

  Options options_;
  std::atomic<std::uint64_t> next_, cuts_ = 0;
  std::mutex mutex_;
  std::uint64_t rounds_ = 0, faults_ = 0, failures_ = 0, lost_ = 0, shown_ = 0;
  Tally last_;
};

int leave_out(std::uint64_t seed) {
  int result = 0;
  for (const auto& sync : syncs()) {
    const auto found = find_left_out(sync, seed);
    std::printf("%-60s %s %lu cuts%s%s\n", sync.what, found.what.empty() ? "NOT FOUND in" : "found after", found.cuts,
                found.what.empty() ? "" : ": ", found.what.substr(0, 100).c_str());
    if (found.what.empty()) result = 1;
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  Options options;
  for (int i = 1; i < argc; i += 2) {
    if (std::string_view(argv[i]) == "--help") return std::fputs(kUsage, stdout), 0;
    if (i + 1 == argc) usage();
    set(options, argv[i], argv[i + 1]);
  }
  const bool is_empty = options.jobs == 0 || options.stride == 0 || (options.last != 0 && options.last < options.first);
  if (is_empty) usage();
  if (options.leaves_out) return leave_out(options.first);
  const auto begin = std::chrono::steady_clock::now();
  const auto jobs = options.jobs;
  Run run(std::move(options));
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < jobs; ++i) threads.emplace_back([&run] { run.work(); });
  for (auto& thread : threads) thread.join();
  return run.report(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
}
