// Messages with many jobs, shared by all workers: each is read once for all jobs in a period.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dns/async.h"
#include "mta/delivery/share.h"
#include "mta/routing/destination_name.h"
#include "proto/queue_id.h"
#include "proto/result.h"
#include "queue/instant.h"

namespace mxpress::queue {
class MessageStore;
struct Settlement;
using proto::QueueId;
template <class T>
class Guarded;
}  // namespace mxpress::queue

namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta {
class CurrentConfig;
}

namespace mxpress::mta::delivery {

class LargeChecks;
class LoadBudget;

using queue::Instant;

enum class Need {
  envelope,  // without content: the message is only to be concluded
  content,   // with intact content
};

// Thread: any. Updates its copies with the settlements of jobs, within a limit of octets; the least recently used copy is dropped first.
class SharedMessages {
 public:
  static constexpr std::uint64_t kMostKept = 16u << 20;               // octets of all copies; a single one may be larger
  static constexpr Duration kUnusedLife = std::chrono::seconds(60);   // a copy is dropped if no job has used it for this time...
  static constexpr Duration kLife = std::chrono::minutes(10);         // ...and after this time: its content has been moved by then
  static constexpr Duration kBetweenReads = std::chrono::seconds(5);  // of one message whose copy was dropped to make room

  struct Counters {
    std::uint64_t reads = 0;   // of messages from the spool
    std::uint64_t shares = 0;  // given to jobs
    std::uint64_t kept = 0;    // octets of the copies now
    std::uint64_t peak = 0;    // the maximum of `kept`
  };

  // `files`: reads; null: the disk is read at once.
  SharedMessages(queue::MessageStore& spool, fairness::FileTurns* files, LoadBudget& budget, LargeChecks& large_checks,
                 std::uint64_t most_kept = kMostKept);
  ~SharedMessages();

  struct Given {
    Share share;     // the recipients pending at the destination, possibly none
    Status content;  // with Need::content: an error if it cannot be read now (transient) or is damaged
  };
  // Jobs that ask during the read wait for the same read. An error: it cannot be read.
  Task<Result<Given>> share(queue::QueueId id, routing::DestinationName destination, std::shared_ptr<const Config> config, Need need);
  // The spool has got this settlement, of a share.
  void settled(const queue::Settlement& settlement);
  // The spool has got another change of the message: it is read again.
  void forget(queue::QueueId id);
  // Drops copies that were not used for a while.
  void tidy(Instant now);
  Counters counters();

 private:
  struct Copy;
  using CopyPtr = std::shared_ptr<Copy>;  // shared: jobs that waited for a read use it even if it was dropped meanwhile
  using Waiter = std::function<void(Result<CopyPtr>)>;
  struct Entry;
  struct Shared;

  Task<Result<CopyPtr>> copy_for(queue::QueueId id, const std::shared_ptr<const Config>& config, Need need);
  Task<Result<CopyPtr>> wait_for_read(queue::QueueId id);
  Task<Result<CopyPtr>> read(queue::QueueId id, std::shared_ptr<const Config> config, Need need);
  Task<Result<CopyPtr>> read_now(queue::QueueId id, std::shared_ptr<const Config> config, Need need);
  void finish_read(queue::QueueId id, const Result<CopyPtr>& copy);
  void keep(Shared& shared, Entry& entry, CopyPtr copy);
  void make_room(Shared& shared, const Copy& newest);
  static void drop(Shared& shared, Entry& entry);
  Given cut(const Copy& copy, routing::DestinationRef destination, Need need);

  queue::MessageStore& spool_;
  fairness::FileTurns* files_;
  LoadBudget& budget_;
  LargeChecks& large_checks_;
  const std::uint64_t most_kept_;
  const std::unique_ptr<queue::Guarded<Shared>> shared_;
  std::atomic<std::size_t> entries_{0};  // number of entries, to avoid locking if there are none
};

}  // namespace mxpress::mta::delivery
