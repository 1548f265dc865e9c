// The message store: keeps every accepted message until each recipient has reached an end. The interface; queue/spool.h is the
// implementation with a journal.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queue/changes.h"
#include "queue/message.h"
#include "queue/site_record.h"
#include "queue/spool_counters.h"

namespace mxpress::queue {

// Threads: every function may be called from any thread. Callbacks run on the thread that writes, must not block, and may call only those
// functions of the store that neither block nor call back themselves.
class MessageStore {
 public:
  virtual ~MessageStore() = default;

  // A message file to receive content over kInlineContent. Error (transient): disk full, with path, free and needed octets.
  virtual Result<std::unique_ptr<LargeContent>> open_large() = 0;
  // Before data is taken: is there room for `size` octets beyond the reserve? Error is transient (452 4.3.1), and no
  // older than this call; room may be what the disk had room_stays_known ago: whatever stores looks again.
  virtual Status room_for(std::uint64_t size) = 0;
  // Whether it can record what happens to messages. While it cannot, an outcome would be lost at a restart: no attempt is to begin.
  // Does not wait.
  virtual bool is_accepting() const = 0;

  using Stored = queue::Stored;
  // Durable (synced) when `done` is called with an id; otherwise nothing of it is kept (transient error). A drop_name seen before
  // completes with the id it got then and stores nothing.
  virtual void store(NewMessage message, Stored done) = 0;
  // The message's id is known before the content is durable, because Received names it.
  virtual QueueId next_id() = 0;
  virtual void store_as(QueueId id, NewMessage message, Stored done) = 0;

  // In the kernel within 10 ms, or after the sync that is under way; synced with the next batch or within 1 s. `done` (may be null) when
  // synced. When nothing is pending afterwards the message has ended and its content goes.
  virtual void settle(Settlement settlement, std::function<void(Status)> done) = 0;
  virtual void act(ActionKind action, std::vector<QueueId> messages, std::function<void(Status)> done) = 0;
  virtual void record_site(SiteRecord record) = 0;

  // Blocking read of one message with envelope, states and attempts, also of recently ended ones. Error: unknown (permanent), I/O or
  // damage.
  virtual Result<Message> load(QueueId id) = 0;
  // Non-blocking load(). Returns nullopt if not all of the message is cached in memory, or if it is large, ended or damaged: then load()
  // says which. The content it returns is in memory and has been verified.
  virtual std::optional<Message> load_if_cached(QueueId id) = 0;
  // A message of this run as it came, if nothing has been recorded about it since and it is still in memory. Does not wait for the disk.
  virtual std::shared_ptr<const Message> fresh(QueueId id) = 0;
  // About how much memory load() of this message takes while it works, in octets. Does not wait for the disk.
  virtual std::uint64_t octets_to_load(QueueId id) = 0;
  // How many recipients it has; 0: it is not known. Does not wait for the disk.
  virtual std::size_t recipients_of(QueueId id) = 0;
  // How long it has waited since it was accepted. Steps of the wall clock make nothing older; time in which no daemon had the spool counts
  // for at most a day each time.
  virtual Duration age_of(const Message& message) const = 0;

  // Ids of all messages that have not ended, in order of age; then `ended` recently ended ones if asked for.
  virtual std::vector<QueueId> ids(bool with_ended) = 0;
  // The first of them.
  virtual std::optional<QueueId> oldest() = 0;
  // Of them, those that this local user handed in. Takes time by their number, not by that of all messages.
  virtual std::vector<QueueId> ids_of(std::int64_t uid) = 0;
  // Whose shares of the daemon's budgets it uses; whose it is, owns() says. From memory alone; unknown if there is no such message.
  virtual proto::ShareOwner share_owner_of(QueueId id) = 0;
  // Whether a notice about this message may be stored now, by the memory of what waits. From memory alone.
  virtual bool has_room_for_notice(QueueId id) = 0;
  // The ended messages that are remembered (SpoolOptions::ended_kept), the latest first.
  virtual std::vector<QueueId> ended() = 0;
  // Of them, those of this local user. Takes time by the number of all his messages.
  virtual std::vector<QueueId> ended_of(std::int64_t uid) = 0;
  // Whether it is a message of this user, perhaps an ended one. From memory alone; the same work whether it is somebody else's or none.
  virtual bool owns(std::int64_t uid, QueueId id) = 0;
  virtual SpoolCounters counters() = 0;
};

}  // namespace mxpress::queue
