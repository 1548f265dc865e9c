// Content with other octets at its beginning.
#pragma once

#include <string>

#include "mta/content/data_source.h"

namespace mxpress::mta::content {

// `head`, and behind it what the original has behind its first `replaced` octets. Read from its beginning to its end if the original has to
// be; reading from offset 0 begins again.
class WithHead final : public DataSource {
 public:
  // The original outlives it, and is at least as long as what is replaced.
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
