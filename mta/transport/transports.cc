// Finds the transport for the terms of a session.
#include "mta/transport/transports.h"

#include <cstddef>

#include "mta/transport/session_key.h"

namespace mxpress::mta::transport {

static_assert(kTransports == static_cast<std::size_t>(routing::TransportKind::command) + 1, "the last kind");

Transport& Transports::of(const SessionTerms& terms) const { return *all_[static_cast<std::size_t>(terms.transport)]; }

}  // namespace mxpress::mta::transport
