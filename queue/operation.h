// One record to be written to the journal, and the actions to take when it is durable.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "queue/changes.h"
#include "queue/disk_claim.h"
#include "queue/owners.h"
#include "queue/record.h"
#include "queue/site_record.h"
#include "queue/state.h"
#include "queue/waiting_mail.h"

namespace mxpress::queue {

class MemoryContent;

struct Operation {
  enum class Kind { store, change, site, ended } kind = Kind::change;
  RecordHeader header;
  std::shared_ptr<const MemoryContent> content;  // null: none
  std::string meta;
  Location location;  // set when it is written

  // Kind::store
  DiskClaim claim;  // until it is written
  Stored stored;
  std::shared_ptr<const Message> message;  // null if the content is in a file
  std::size_t recipients = 0;
  MessageOwner owner;
  Weight weight;
  std::vector<NewMessage::NoticeFor> notice_for;
  std::string drop_name;
  WallTime time{};

  // Kind::change
  StateChange change;
  std::function<void(Status)> done;

  // Kind::site
  SiteRecord site;

  QueueId id() const { return QueueId{header.id}; }
};
using OperationPtr = std::shared_ptr<Operation>;  // shared: load() shows changes while the committer writes them
using Operations = std::vector<OperationPtr>;

inline bool is_store(const Operation& operation) { return operation.kind == Operation::Kind::store; }
// True if somebody waits for it: it is synced at once.
inline bool is_urgent(const Operation& operation) { return is_store(operation) || operation.header.type == RecordType::action; }
// True for a message whose content is in a file of its own.
inline bool is_large_store(const Operation& operation) { return operation.header.type == RecordType::accepted_file; }

// Takes the data that it needs from the message; `message.large` stays in place. `accepted_at`: on the age clock.
OperationPtr store_operation(QueueId id, NewMessage& message, Duration accepted_at);
// `record`: encode(change).
OperationPtr change_operation(QueueId id, StateChange&& change, std::string&& record, std::function<void(Status)>&& done);
OperationPtr site_operation(SiteRecord record);
// The Ended record is a hint for the reader: the message has ended by states that are already durable.
OperationPtr ended_operation(QueueId id, WallTime when);

}  // namespace mxpress::queue
