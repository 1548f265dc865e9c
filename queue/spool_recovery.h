// Recovery of a spool: adds the mail of earlier runs to that of this run.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "queue/recovery.h"
#include "queue/replay.h"

namespace mxpress::queue {

class CommitQueue;
class MessageTable;
class Quarantine;
class SegmentHold;
class SpoolReader;
struct SegmentList;
struct SpoolContext;
template <class T>
class Guarded;

// One thread at a time, except give_up_recovery().
class SpoolRecovery : public Recovery {
 public:
  struct Parts {
    CommitQueue& queue;
    Guarded<MessageTable>& table;
    const SpoolReader& reader;
    Quarantine& quarantine;
    SegmentHold& hold;
  };
  // `segments`: of earlier runs.
  SpoolRecovery(const SpoolContext& context, Parts parts, SegmentList segments);
  ~SpoolRecovery() override;

  Status recover(std::function<void(const Message&)> found, std::function<void(const SiteRecord&)> site) override;
  void give_up_recovery() override { given_up_ = true; }

 private:
  Status read_earlier_runs(std::map<std::string, SiteRecord>& sites);
  Status write_again(const std::vector<Replayed::Tail>& tails);
  Status clean_incoming(const Replayed& found);
  Status leave_unread(const Replayed& found);
  void keep_damage(const Replayed& found);
  void merge(Replayed found);
  Status tell(const std::function<void(const Message&)>& found);
  void count_unreadable(QueueId id, const Error& error);

  const SpoolContext& context_;
  const Parts parts_;
  const std::unique_ptr<const SegmentList> segments_;
  std::atomic<bool> given_up_ = false;
};

}  // namespace mxpress::queue
