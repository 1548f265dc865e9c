// The MTA-STS policies that all workers share: kept across restarts in the file `mta-sts` of the spool, and the fetches that failed lately.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "dns/async.h"
#include "mta/sts/finding.h"
#include "queue/guarded.h"

namespace mxpress::queue {
class Disk;
}
namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta::sts {

// For people.
struct LastFailure {
  std::string domain;
  std::string why;
  WallTime when{};
};

// Any thread.
class Policies {
 public:
  static constexpr std::chrono::minutes kFailureHolds{5};  // RFC 8461 3.3: a policy is not asked for more often
  static constexpr std::chrono::hours kFailureIsNews{24};  // one that lasts is told once in this time
  static constexpr std::size_t kMostFailures = 1024;
  static constexpr std::size_t kOctetsOfFailure = 1024;  // at most, about

  // Reads the file. One that is damaged is renamed to FILE.damaged, which is logged. Blocks. `disk`: null: nothing is stored. `files`:
  // null: the disk is written at once. Both must outlive it.
  Policies(queue::Disk* disk, std::string file, fairness::FileTurns* files);

  // Has these, and stores nothing.
  explicit Policies(PolicyCache cache) : Policies(nullptr, {}, nullptr) { state_.lock()->cache = std::move(cache); }

  // Called after each change that save() would store, on the thread of the change. Set it before the first.
  void when_changed(std::function<void()> changed) { changed_ = std::move(changed); }

  // Called after each fetch that failed, on its thread. Set it before the first.
  void when_failed(std::function<void(const std::string& domain, const FetchFailure&)> failed) { failed_ = std::move(failed); }

  // See PolicyCache. The time is that of the clock in use.
  std::optional<KeptPolicy> use(const std::string& domain, const fairness::Owner& owner);
  std::optional<KeptPolicy> find(const std::string& domain);
  void keep(const std::string& domain, KeptPolicy kept);
  std::vector<std::string> due(std::size_t most, std::string_view after);
  std::size_t size();

  // The latest failure to fetch the policy with this id, if that was in the last kFailureHolds.
  std::optional<FetchFailure> failed_lately(const std::string& domain, const std::string& id);
  // True: it is news: this domain's policy with this id did not fail for this reason within kFailureIsNews.
  bool failed(const std::string& domain, const std::string& id, FetchFailure failure);
  // The latest of all in this run.
  std::optional<LastFailure> last_failure();

  // Stores what has changed since the last call; durable soon afterwards. Does not block if there are file threads.
  void save();
  // The same; durable when it returns. Blocks.
  void save_now();

 private:
  struct Failure {
    std::string id;
    FetchFailure failure;
    BootTime until{};  // nothing is asked before
    BootTime told{};
  };
  struct State {
    PolicyCache cache;
    std::map<std::string, Failure> failures;
    std::optional<LastFailure> last_failure;
    bool is_changed = false;  // since the last save
  };
  static void make_room(State& state);
  void load();
  void write();

  queue::Disk* const disk_;
  const std::string file_;
  fairness::FileTurns* const files_;
  std::function<void()> changed_;
  std::function<void(const std::string&, const FetchFailure&)> failed_;
  std::mutex writing_;
  queue::Guarded<State> state_;
};

// For people: "2 policies are kept".
std::string count_in_words(Policies& policies);
// "the last failure, 5m ago: there.example: ...". It names a domain that somebody writes to. Empty if there is none.
std::string last_failure_in_words(Policies& policies);

// The policies in the file, for a program other than the daemon; it changes nothing. Empty if there is none. Blocks.
Result<PolicyCache> read_policies(queue::Disk& disk, const std::string& file);

// The name of the file in the spool.
inline constexpr const char* kFile = "mta-sts";

}  // namespace mxpress::mta::sts
