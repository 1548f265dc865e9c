// Content with another beginning.
#pragma once

#include <string>

#include "mta/content/data_source.h"

namespace mxpress::mta::content {

// `head`, followed by the original without its first `replaced` octets. Read it from beginning to end if the original requires that;
// reading from offset 0 starts again.
class WithHead final : public DataSource {
 public:
  // The original must outlive it, and be at least as long as the replaced part.
  WithHead(DataSource& original, std::string head, std::uint64_t replaced)
      : original_(original), head_(std::move(head)), replaced_(replaced) {}
  std::uint64_t size() const override { return head_.size() + original_.size() - replaced_; }
  Task<Result<std::size_t>> read(std::uint64_t offset, char* buffer, std::size_t size) override;

 private:
  Task<Status> pass_replaced(char* buffer, std::size_t size);
  Task<Result<std::size_t>> read_original(std::uint64_t offset, char* buffer, std::size_t size);

  DataSource& original_;
  const std::string head_;
  const std::uint64_t replaced_;
};

}  // namespace mxpress::mta::content
