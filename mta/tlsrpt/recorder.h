// Counts the sessions of all workers for reports about TLS, durably: in the file `tlsrpt` of the spool. RFC 8460.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "dns/async.h"
#include "mta/events/hub.h"
#include "mta/tlsrpt/ledger.h"
#include "queue/guarded.h"

namespace mxpress::queue {
class Disk;
}
namespace mxpress::mta {
class CurrentConfig;
namespace fairness {
class FileTurns;
}
}  // namespace mxpress::mta

namespace mxpress::mta::tlsrpt {

// The name of the file in the spool.
inline constexpr const char* kFile = "tlsrpt";

// Any thread. Counts nothing while [tls] reports is off.
class Recorder final : public events::Sink {
 public:
  static constexpr std::size_t kMostSilent = 20'000;                     // domains without a record
  static constexpr std::chrono::hours kLongestDelay{4};                  // of a report after the end of its day
  static constexpr std::chrono::days kMostAge{3};                        // of a day that is still reported
  static constexpr std::chrono::hours kSilence{1}, kLongestSilence{24};  // a domain without a record is asked again

  struct Parts {
    queue::Disk* disk;  // null: nothing is stored
    std::string file;
    const CurrentConfig& config;
    sts::Policies* policies = nullptr;  // null: the age of policies is not reported
    std::uint64_t seed = 0;
  };
  // Reads the file. One that is damaged is renamed to FILE.damaged, which is logged. Blocks. All parts must outlive it.
  explicit Recorder(Parts parts);

  std::string_view name() const override { return "tlsrpt"; }
  void take(const events::Event& event) override;
  std::uint64_t dropped() const override { return dropped_; }
  // A policy that could not be fetched is a failure, too.
  void fetch_failed(const std::string& domain, const sts::FetchFailure& failure);

  // Called once there is something to store or to ask, on the thread of the change. Null: not called.
  void when_changed(std::function<void()> changed) { *changed_.lock() = std::move(changed); }

  // The next domain that has sessions, and may have a record. Nullopt: none.
  std::optional<std::string> next_to_ask();
  // The domain wants no reports: its counts are dropped, and no more made for this time.
  void wants_none(const std::string& domain, std::chrono::seconds ttl);

  // The reports that are due, those that nobody wants any more forgotten.
  std::vector<Ledger::Key> due();
  std::optional<DomainDay> find(const Ledger::Key& key);
  void set_sending(const Ledger::Key& key, Sending sending);
  void forget(const Ledger::Key& key);

  // Octets that save() would write, about; 0: nothing has changed.
  std::size_t unsaved();
  // Stores what has changed since the last call; durable soon afterwards. `files`: null: at once.
  void save(fairness::FileTurns* files);
  // The same; durable when it returns. Blocks.
  void save_now();

 private:
  struct State {
    Ledger ledger;
    std::map<std::string, BootTime> silent;  // until then
    std::vector<std::string> to_ask;
    std::mt19937_64 random;
    bool is_changed = false;  // since the last save
    bool is_told = false;     // of a change, since the last save or question
  };
  bool is_on() const;
  void load();
  void add(const Session& session);
  void tell();
  void write();

  const Parts parts_;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::mutex writing_;
  queue::Guarded<State> state_;
  queue::Guarded<std::function<void()>> changed_;
};

}  // namespace mxpress::mta::tlsrpt
