// Whether answers of the DNS are validated on this host.
#pragma once

#include <cstdint>

namespace mxpress::dns {

// automatic: by libunbound only if no name server in use is trusted and authenticates the root.
enum class Validate : std::uint8_t { automatic, always, never };

}  // namespace mxpress::dns
