// Content that is read on demand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dns/async.h"
#include "proto/result.h"

namespace mxpress::mta::content {

class DataSource {
 public:
  virtual ~DataSource() = default;
  virtual std::uint64_t size() const = 0;
  // Fills the buffer from `offset`; 0 at the end. An Error ends the transaction before the final dot: nothing is delivered.
  virtual Task<Result<std::size_t>> read(std::uint64_t offset, char* buffer, std::size_t size) = 0;
  // The whole content if nothing has to be read for it.
  virtual std::optional<std::string_view> in_memory() const { return std::nullopt; }
};

}  // namespace mxpress::mta::content
