// The message store: keeps every accepted message until each recipient has a final result. The interface; queue/spool.h is the
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

// Threads: every function may be called from any thread. Callbacks run on the thread that writes, must not block, and may call only
// functions of the store that neither block nor take a callback.
class MessageStore {
 public:
  virtual ~MessageStore() = default;

  // Opens a message file for content over kInlineContent. Error (transient): disk full, with path, free and needed octets.
  virtual Result<std::unique_ptr<LargeContent>> open_large() = 0;
  // Asked before data is taken: is there room for `size` octets beyond the reserve? Error is transient (452 4.3.1) and comes from a new
  // look at the disk. Success may rest on a look that is room_stays_known old; storing looks again.
  virtual Status room_for(std::uint64_t size) = 0;
  // True if it can record changes of messages. If false, begin no attempt: its outcome would be lost at a restart. Does not
  // wait.
  virtual bool is_accepting() const = 0;

  using Stored = queue::Stored;
  // Durable (synced) when `done` is called with an id; otherwise nothing of it is kept (transient error). A drop_name seen before completes
  // with the id it got then and stores nothing.
  virtual void store(NewMessage message, Stored done) = 0;
  // The message's id is known before the content is durable, because Received names it.
  virtual QueueId next_id() = 0;
  virtual void store_as(QueueId id, NewMessage message, Stored done) = 0;

  // In the kernel within 10 ms, or after the current sync; synced with the next batch or within 1 s. `done` (may be null) is called when it
  // is synced. If nothing is pending afterwards the message has ended and its content is removed.
  virtual void settle(Settlement settlement, std::function<void(Status)> done) = 0;
  virtual void act(ActionKind action, std::vector<QueueId> messages, std::function<void(Status)> done) = 0;
  virtual void record_site(SiteRecord record) = 0;

  // Blocking read of one message with envelope, states and attempts, also of recently ended ones. Error: unknown (permanent), I/O or
  // damage.
  virtual Result<Message> load(QueueId id) = 0;
  // Non-blocking load(). Returns nullopt if not all of the message is cached in memory, or if it is large, ended or damaged: then load()
  // tells which. The content it returns is in memory and has been verified.
  virtual std::optional<Message> load_if_cached(QueueId id) = 0;
  // A message of this run as it came, if nothing was recorded about it since and it is still in memory. Does not wait for the disk.
  virtual std::shared_ptr<const Message> fresh(QueueId id) = 0;
  // Approximate memory, in octets, that load() of this message takes while it runs. Does not wait for the disk.
  virtual std::uint64_t octets_to_load(QueueId id) = 0;
  // The number of its recipients; 0 if unknown. Does not wait for the disk.
  virtual std::size_t recipients_of(QueueId id) = 0;
  // The time it has waited since it was accepted. Steps of the wall clock do not change it; a gap without a running daemon counts for at
  // most a day.
  virtual Duration age_of(const Message& message) const = 0;

  // Ids of all messages that have not ended, in order of age; then `ended` recently ended ones if asked for.
  virtual std::vector<QueueId> ids(bool with_ended) = 0;
  // The oldest message that has not ended.
  virtual std::optional<QueueId> oldest() = 0;
  // The messages that have not ended and that this local user submitted. Takes time by their number, not by that of all messages.
  virtual std::vector<QueueId> ids_of(std::int64_t uid) = 0;
  // The owner whose shares of the daemon's budgets it uses; for rights see owns(). Reads memory only; unknown if there is no such message.
  virtual proto::ShareOwner share_owner_of(QueueId id) = 0;
  // True if memory allows to store a notice about this message now. Reads memory only.
  virtual bool has_room_for_notice(QueueId id) = 0;
  // The ended messages that are remembered (SpoolOptions::ended_kept), the latest first.
  virtual std::vector<QueueId> ended() = 0;
  // The remembered ended messages of this local user. Takes time by the number of all his messages.
  virtual std::vector<QueueId> ended_of(std::int64_t uid) = 0;
  // True if this user owns the message, even an ended one. Reads memory only; takes the same time for a foreign message and for none.
  virtual bool owns(std::int64_t uid, QueueId id) = 0;
  virtual SpoolCounters counters() = 0;
};

}  // namespace mxpress::queue
