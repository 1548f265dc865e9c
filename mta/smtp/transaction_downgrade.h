// 8-bit content for a host without 8BITMIME. RFC 6152 3.
#pragma once

#include <memory>

#include "mta/smtp/client.h"

namespace mxpress::mta::smtp {

// The same message with 7 bits only, in memory. A permanent Error where that would break it, a transient one where it cannot be read.
Task<Result<std::unique_ptr<DataSource>>> downgrade(DataSource& data);

}  // namespace mxpress::mta::smtp
