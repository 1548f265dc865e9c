// The content of a spooled message, read from disk for a mail host, in turn with other owners.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "mta/content/data_source.h"
#include "mta/fairness/owner.h"

namespace mxpress::queue {
class Content;
struct Message;
}  // namespace mxpress::queue

namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta::transport {

class SpoolData final : public content::DataSource {
 public:
  // `files`: null: reads at once.
  SpoolData(const queue::Message& message, fairness::FileTurns* files);
  std::uint64_t size() const override;
  Task<Result<std::size_t>> read(std::uint64_t offset, char* buffer, std::size_t size) override;
  std::optional<std::string_view> in_memory() const override;

 private:
  std::shared_ptr<const queue::Content> content_;  // shared: a read may continue after the session is gone
  fairness::Owner owner_;
  fairness::FileTurns* files_;
};

}  // namespace mxpress::mta::transport
