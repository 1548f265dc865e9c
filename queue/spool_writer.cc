// Turns new messages and changes into operations of the journal.
#include "queue/spool_writer.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "queue/acceptance.h"
#include "queue/age_clock.h"
#include "queue/codec.h"
#include "queue/commit_queue.h"
#include "queue/disk_room.h"
#include "queue/fresh.h"
#include "queue/guarded.h"
#include "queue/housework_list.h"
#include "queue/message_file.h"
#include "queue/message_store.h"
#include "queue/message_table.h"
#include "queue/spool_context.h"

namespace mxpress::queue {
namespace {

constexpr std::uint64_t kStep = 256 * 1024;  // octets that large content claims at a time

// Writes only octets that it has claimed, so that concurrent messages cannot overfill the disk together.
class Large : public LargeContent {
 public:
  Large(std::unique_ptr<MessageFileWriter> file, DiskRoom& room, DiskClaim claim)
      : writer(std::move(file)), room_(room), claim_(std::move(claim)) {}

  Status append(std::string_view bytes) override {
    if (auto s = claim_for(bytes.size()); !s) return s;
    if (auto s = writer->append(bytes); !s) return s;
    claim_.written(bytes.size());
    return {};
  }
  std::uint64_t size() const override { return writer->content_size(); }

  std::unique_ptr<MessageFileWriter> writer;

 private:
  Status claim_for(std::uint64_t octets) {
    if (octets <= claim_.octets()) return {};
    auto more = room_.claim(std::max(octets - claim_.octets(), kStep), DiskRoom::For::large_content);
    if (!more) return more.error();
    claim_.add(std::move(*more));
    return {};
  }

  DiskRoom& room_;
  DiskClaim claim_;
};

// Calls `done` once, when the last of several operations is durable, with the first error.
std::function<void(Status)> gather(std::size_t count, std::function<void(Status)> done) {
  if (!done) return {};
  struct Gathered {
    std::mutex mutex;
    std::size_t left;
    Status status;
  };
  auto gathered = std::make_shared<Gathered>();  // shared by the operations
  gathered->left = count;
  return [gathered, done = std::move(done)](Status status) {
    std::unique_lock lock(gathered->mutex);
    if (!status && gathered->status) gathered->status = std::move(status);
    if (--gathered->left != 0) return;
    lock.unlock();
    done(gathered->status);
  };
}

}  // namespace

Result<std::unique_ptr<LargeContent>> SpoolWriter::open_large() {
  auto claim = parts_.room.claim(kStep, DiskRoom::For::large_content);
  if (!claim) return claim.error();
  if (auto s = parts_.acceptance.status(); !s) return s.error();
  auto writer = MessageFileWriter::create(context_.disk, context_.paths, context_.part_name(), context_.options.random());
  if (!writer) return writer.error();
  return std::unique_ptr<LargeContent>(std::make_unique<Large>(std::move(*writer), parts_.room, std::move(*claim)));
}

Status SpoolWriter::room_for(std::uint64_t size) {
  if (auto s = parts_.room.check(size); !s) return s;
  return parts_.acceptance.status();
}

QueueId SpoolWriter::next_id() { return QueueId{(context_.run << 40) | ++last_id_}; }

void SpoolWriter::store_as(QueueId id, NewMessage&& message, Stored&& done) {
  if (message.envelope.recipients.empty()) return done(Error::permanent("a message without recipients cannot be kept"));
  auto operation = store_operation(id, message, parts_.age_clock.now());
  operation->stored = std::move(done);
  if (auto s = check_sizes(operation->meta.size(), operation->content->size()); !s) return operation->stored(s.error());
  auto claim = parts_.room.claim(operation->meta.size() + operation->content->size(), DiskRoom::For::small_message);
  if (!claim) return operation->stored(claim.error());
  operation->claim = std::move(*claim);
  if (auto s = parts_.acceptance.status(); !s) return operation->stored(s.error());
  if (auto s = parts_.table.lock()->room_for(*operation); !s) return operation->stored(s.error());
  if (!message.large) return parts_.queue.push(std::move(operation));
  parts_.housework.add_large({std::move(operation), std::move(static_cast<Large&>(*message.large).writer)});
}

void SpoolWriter::settle(Settlement&& settlement, std::function<void(Status)>&& done) {
  const auto id = settlement.message;
  push_change(id, std::move(settlement), std::move(done));
}

void SpoolWriter::act(ActionKind action, std::vector<QueueId> messages, std::function<void(Status)> done) {
  if (messages.empty()) return done ? done({}) : void();
  const auto each = gather(messages.size(), std::move(done));
  for (const auto id : messages) push_change(id, ActionTaken{action, context_.options.wall()}, std::function<void(Status)>(each));
}

void SpoolWriter::record_site(SiteRecord record) { parts_.queue.push(site_operation(std::move(record))); }

void SpoolWriter::push_change(QueueId id, StateChange&& change, std::function<void(Status)>&& done) {
  auto record = encode(change);
  if (auto* settlement = std::get_if<Settlement>(&change); settlement && record.size() > kMaxChange)
    return push_parts(id, std::move(*settlement), std::move(done));
  push_record(id, std::move(change), std::move(record), std::move(done));
}

// If power fails before a part is durable, its recipients are tried again, as after any unrecorded attempt.
void SpoolWriter::push_parts(QueueId id, Settlement settlement, std::function<void(Status)> done) {
  auto parts = split(std::move(settlement));
  const auto each = gather(parts.size(), std::move(done));
  for (auto& part : parts) {
    StateChange change(std::move(part));
    auto record = encode(change);
    push_record(id, std::move(change), std::move(record), std::function<void(Status)>(each));
  }
}

void SpoolWriter::push_record(QueueId id, StateChange&& change, std::string&& record, std::function<void(Status)>&& done) {
  if (auto s = check_sizes(record.size(), 0); !s) {
    context_.report(id.to_string() + ": what became of it cannot be recorded: " + s.error().message);
    return done ? done(s) : void();
  }
  auto operation = change_operation(id, std::move(change), std::move(record), std::move(done));
  auto table = parts_.table.lock();  // held until it is queued: load() shows changes in the order of writing
  table->show(operation);
  parts_.queue.push(std::move(operation));
}

}  // namespace mxpress::queue
