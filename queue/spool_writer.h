// Takes new messages and changes, and hands them to the committer as operations.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "queue/operation.h"

namespace mxpress::queue {

class Acceptance;
class AgeClock;
class CommitQueue;
class DiskRoom;
class HouseworkList;
class MessageTable;
struct SpoolContext;
template <class T>
class Guarded;

// Any thread. The functions are those of MessageStore with the same names; arguments passed by && are consumed.
class SpoolWriter {
 public:
  struct Parts {
    CommitQueue& queue;
    Guarded<MessageTable>& table;
    HouseworkList& housework;
    Acceptance& acceptance;
    DiskRoom& room;
    const AgeClock& age_clock;
  };
  SpoolWriter(const SpoolContext& context, Parts parts) : context_(context), parts_(parts) {}

  Result<std::unique_ptr<LargeContent>> open_large();
  Status room_for(std::uint64_t size);
  QueueId next_id();
  void store_as(QueueId id, NewMessage&& message, Stored&& done);
  void settle(Settlement&& settlement, std::function<void(Status)>&& done);
  void act(ActionKind action, std::vector<QueueId> messages, std::function<void(Status)> done);
  void record_site(SiteRecord record);

 private:
  void push_change(QueueId id, StateChange&& change, std::function<void(Status)>&& done);
  void push_parts(QueueId id, Settlement settlement, std::function<void(Status)> done);
  void push_record(QueueId id, StateChange&& change, std::string&& record, std::function<void(Status)>&& done);

  const SpoolContext& context_;
  const Parts parts_;
  std::atomic<std::uint64_t> last_id_ = 0;  // of this run
};

}  // namespace mxpress::queue
