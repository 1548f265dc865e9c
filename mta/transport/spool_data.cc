// Reads content of the spool for a session.
#include "mta/transport/spool_data.h"

#include <utility>

#include "mta/fairness/blocking.h"
#include "queue/message.h"

namespace mxpress::mta::transport {

SpoolData::SpoolData(const queue::Message& message, fairness::FileTurns* files)
    : content_(message.content), owner_(message.envelope.submitter.share_owner()), files_(files) {}

std::uint64_t SpoolData::size() const { return content_->size(); }

Task<Result<std::size_t>> SpoolData::read(std::uint64_t offset, char* buffer, std::size_t size) {
  auto call = [content = content_, offset, buffer, size] { return content->read(offset, buffer, size); };
  co_return co_await fairness::run_blocking(files_, {owner_, size}, std::move(call));
}

std::optional<std::string_view> SpoolData::in_memory() const { return content_->in_memory(); }

}  // namespace mxpress::mta::transport
