// The rate limits of routes: amounts that the deliveries of all workers may send.
#pragma once

#include <boost/filesystem/path.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "mta/rates/account.h"
#include "mta/rates/waiting_line.h"
#include "proto/result.h"
#include "queue/guarded.h"

namespace mxpress::queue {
class Disk;
}

namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta::rates {

class Hold;
struct Moment;

// The path of the file in a spool.
boost::filesystem::path record_file(const boost::filesystem::path& spool);
// The id of this boot; "unknown" if the system does not tell.
std::string boot_id();

struct RateServices {
  queue::Disk& disk;
  boost::filesystem::path file;
  fairness::FileTurns* files;  // threads that write the file; null: written at once (simulations)
  std::string boot;            // boot_id()
};

// Any thread. Must outlive its holds.
class RateLimits {
 public:
  // Reads the file. If it cannot be read that is logged, and the windows count as full. `estimates`: of providers, with other keys.
  RateLimits(RateServices services, const RateRules& rules, const RateRules& estimates = {});

  // A new configuration applies at once.
  void reconfigured(const RateRules& rules, const RateRules& estimates = {});

  // Called when a waiting site of this worker should ask again; on any thread; must not block or take anything. Null: not
  // called.
  using Again = std::function<void(std::uint32_t site)>;
  void when_free(std::size_t worker, Again again);

  // Takes the amount for the delivery of one message to one recipient.
  struct Taken {
    std::unique_ptr<Hold> hold;         // null: there is no limit, or it is used up
    std::optional<Instant> wait_until;  // time to ask again, unless called before; nullopt: the delivery may begin
  };
  Taken take(const std::string& key, const Waiter& who, Instant now);

  // "waits for the rate limit of route office (100/h)", and until when, if known. nullopt: nothing waits for it now.
  struct Why {
    std::string text;
    std::optional<Instant> until;
  };
  std::optional<Why> why(const std::string& key, Instant now);
  std::vector<AccountStatus> status(Instant now);

  // Records the amounts that deliveries want to hold. Blocks.
  void save();
  // Records the counts at the end, if there is news: no hold is left. Blocks.
  void close();

 private:
  friend class Hold;
  struct Entry {
    std::string key;
    Account account;
    WaitingLine line;
  };
  struct State {
    std::map<std::string, std::shared_ptr<Entry>> entries;  // shared: holds have theirs, even after a change of the configuration
    Instant now{};                                          // latest time of all calls
    Instant write_again{};                                  // not earlier: the disk has failed
    bool has_failed = false;
    Account::Past past = Account::Past::known;
  };
  static Entry& entry_of(State& state, const std::string& key);
  static Instant advance(State& state, Instant now);
  void read(State& state, const Moment& now);
  static void apply(State& state, const RateRules& rules, const RateRules& estimates);
  void save_soon();
  template <class RecordOf, class IsNeeded>
  void write(RecordOf record_of, IsNeeded is_needed);
  void finish(const Status& written);
  void call(const std::vector<Waiter>& waiters);
  static std::vector<Waiter> called(Entry& entry, Instant now);
  Moment moment(Instant instant) const;

  const RateServices services_;
  std::mutex writing_;  // taken before the state's lock
  queue::Guarded<State> state_;
  queue::Guarded<std::map<std::size_t, Again>> again_;  // by worker
};

}  // namespace mxpress::mta::rates
