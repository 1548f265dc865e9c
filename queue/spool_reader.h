// Reads messages: from memory, the journal and message files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "queue/operation.h"

namespace mxpress::queue {

class MessageTable;
struct RawMessage;
struct Snapshot;
struct SpoolContext;
template <class T>
class Guarded;

// Any thread. The functions are those of MessageStore with the same names.
class SpoolReader {
 public:
  SpoolReader(const SpoolContext& context, Guarded<MessageTable>& table) : context_(context), table_(table) {}

  Result<Message> load(QueueId id) const;
  std::optional<Message> load_if_cached(QueueId id) const;
  std::uint64_t octets_to_load(QueueId id) const;
  std::size_t recipients_of(QueueId id) const;
  std::vector<QueueId> ids(bool with_ended) const;
  std::optional<QueueId> oldest() const;

  // The records of a message. A damaged change record is reported and skipped, as in recovery.
  Result<RawMessage> read(const Snapshot& from) const;

 private:
  std::optional<Snapshot> snapshot_if_cached(QueueId id, Operations& changes) const;
  void report_damage(QueueId id, const std::vector<Location>& damaged) const;

  const SpoolContext& context_;
  Guarded<MessageTable>& table_;
};

}  // namespace mxpress::queue
