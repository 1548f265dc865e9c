// Content in blocks, for whoever reads all of it.
#pragma once

#include <string>
#include <string_view>

#include "mta/content/data_source.h"

namespace mxpress::mta::content {

inline constexpr std::uint64_t kBlock = 64 * 1024;

// The next block of a source, in `buffer` if it has to be read; a source that ends before its size has failed. Empty at the end.
Task<Result<std::string_view>> next_block(DataSource& source, std::uint64_t offset, std::string& buffer);

// Behind work on so many octets of one piece: others go on if that was more than a block.
Task<void> let_others_go_on_after(std::size_t octets);

}  // namespace mxpress::mta::content
