// The rate limits of routes: what deliveries of all workers may hand over.
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

// Where the file is in a spool.
boost::filesystem::path record_file(const boost::filesystem::path& spool);
// Of this boot of the system; "unknown" if the system does not say.
std::string boot_id();

struct RateServices {
  queue::Disk& disk;
  boost::filesystem::path file;
  fairness::FileTurns* files;  // on whose threads the file is written; null: at once (simulations)
  std::string boot;            // boot_id()
};

// Any thread. Outlives the holds that it has given.
class RateLimits {
 public:
  // Reads the file. One that cannot be read is told in the log, and the windows count as full.
  RateLimits(RateServices services, const RateRules& rules);

  // A new configuration is in force: at once.
  void reconfigured(const RateRules& rules);

  // Whom to tell that a site of this worker which waits should ask again; called on any thread, must not block or take anything. Null:
  // nobody.
  using Again = std::function<void(std::uint32_t site)>;
  void when_free(std::size_t worker, Again again);

  // Takes what the delivery of one message to one recipient needs.
  struct Taken {
    std::unique_ptr<Hold> hold;         // null: there is no limit, or what it has is taken
    std::optional<Instant> wait_until;  // when to ask again, unless told before; none: the delivery may begin
  };
  Taken take(const std::string& key, const Waiter& who, Instant now);

  // "waits for the rate limit of route office (100/h)", and until when, if that is known. nullopt: nothing waits for it now.
  struct Why {
    std::string text;
    std::optional<Instant> until;
  };
  std::optional<Why> why(const std::string& key, Instant now);
  std::vector<AccountStatus> status(Instant now);

  // Records what deliveries want to hold. Blocks.
  void save();
  // Records what has been counted, if there is news, at the end: no hold is left. Blocks.
  void close();

 private:
  friend class Hold;
  struct Entry {
    std::string key;
    Account account;
    WaitingLine line;
  };
  struct State {
    std::map<std::string, std::shared_ptr<Entry>> entries;  // shared: holds have theirs, whatever is configured meanwhile
    Instant now{};                                          // the latest moment of all calls
    Instant write_again{};                                  // not before: the disk has failed
    bool has_failed = false;
  };
  static Instant advance(State& state, Instant now);
  void read(State& state, const RateRules& rules, const Moment& now);
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
