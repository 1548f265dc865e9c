// Reads content in blocks.
#pragma once

#include <string>
#include <string_view>

#include "mta/content/data_source.h"

namespace mxpress::mta::content {

inline constexpr std::uint64_t kBlock = 64 * 1024;

// The next block of a source, in `buffer` if it has to be read; a source that ends before its size has failed. Empty at the end.
Task<Result<std::string_view>> next_block(DataSource& source, std::uint64_t offset, std::string& buffer);

// Call it after work on this many octets in one piece: lets others run if that was more than a block.
Task<void> let_others_go_on_after(std::size_t octets);

}  // namespace mxpress::mta::content
