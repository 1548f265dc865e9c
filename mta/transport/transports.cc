// Finds the transport for the terms of a session.
#include "mta/transport/transports.h"

#include <cstddef>

#include "mta/transport/session_key.h"

namespace mxpress::mta::transport {

Transport& Transports::of(const SessionTerms& terms) const { return *all_[static_cast<std::size_t>(terms.transport)]; }

}  // namespace mxpress::mta::transport
