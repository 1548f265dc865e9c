// Builds the operations of the journal.
#include "queue/operation.h"

#include "queue/codec.h"
#include "queue/crc32c.h"
#include "queue/fresh.h"
#include "queue/sites.h"
#include "queue/waiting_mail.h"

namespace mxpress::queue {
namespace {

void set_meta(Operation& operation, std::string&& meta) {
  operation.meta = std::move(meta);
  operation.header.meta_size = static_cast<std::uint32_t>(operation.meta.size());
  operation.header.meta_crc = crc32c(operation.meta);
}

std::shared_ptr<const Message> as_it_came(QueueId id, Accepted&& accepted, std::shared_ptr<const Content> content) {
  auto message = std::make_shared<Message>();
  message->id = id;
  message->envelope = std::move(accepted.envelope);
  message->held = !message->envelope.held_because.empty();
  message->accepted_at = accepted.accepted_at;
  message->recipients.resize(message->envelope.recipients.size());
  message->content = std::move(content);
  return message;
}

}  // namespace

OperationPtr store_operation(QueueId id, NewMessage& message, Duration accepted_at) {
  auto operation = std::make_shared<Operation>();
  operation->kind = Operation::Kind::store;
  operation->header.type = message.large ? RecordType::accepted_file : RecordType::accepted;
  operation->header.id = id.value;
  operation->time = message.envelope.submitted;
  operation->recipients = message.envelope.recipients.size();
  operation->owner = MessageOwner(message.envelope.submitter);
  operation->weight = weight_of(message.envelope);
  Accepted accepted{std::move(message.envelope), message.drop_name, message.notice_for, accepted_at};
  set_meta(*operation, encode(accepted));
  operation->content = std::make_shared<const MemoryContent>(std::move(message.content));
  operation->header.content_size = operation->content->size();
  operation->header.content_crc = crc32c(operation->content->text());
  if (!message.large) operation->message = as_it_came(id, std::move(accepted), operation->content);
  operation->notice_for = std::move(message.notice_for);
  operation->drop_name = std::move(message.drop_name);
  return operation;
}

OperationPtr change_operation(QueueId id, StateChange&& change, std::string&& record, std::function<void(Status)>&& done) {
  auto operation = std::make_shared<Operation>();
  operation->header.type = record_type(change);
  operation->header.id = id.value;
  set_meta(*operation, std::move(record));
  operation->change = std::move(change);
  operation->done = std::move(done);
  return operation;
}

OperationPtr site_operation(SiteRecord record) {
  record = within_limits(std::move(record));
  auto operation = std::make_shared<Operation>();
  operation->kind = Operation::Kind::site;
  operation->header.type = RecordType::site;
  set_meta(*operation, encode(record));
  operation->site = std::move(record);
  return operation;
}

OperationPtr ended_operation(QueueId id, WallTime when) {
  auto operation = std::make_shared<Operation>();
  operation->kind = Operation::Kind::ended;
  operation->header.type = RecordType::ended;
  operation->header.id = id.value;
  set_meta(*operation, encode_ended(when));
  return operation;
}

}  // namespace mxpress::queue
