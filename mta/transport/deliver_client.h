// Asks mxpress-deliver to put a message into a user's mailbox.
#pragma once

#include <boost/filesystem/path.hpp>
#include <string>

#include "dns/async.h"
#include "mta/mailstore/request.h"
#include "mta/system/descriptor.h"
#include "proto/result.h"

namespace mxpress::queue {
class Content;
}

namespace mxpress::mta::transport {

// All of the content in memory, sealed, open for reading. Blocks. Error (transient): it cannot be read, or memory is short.
Result<system::Descriptor> content_in_memory(const queue::Content& content);

// One request to the program behind that socket, and its reply; `content` goes along, and outlives the call. A reply that does not come is
// `deferred`, and says what to do about it.
Task<mailstore::Reply> ask_deliver(boost::filesystem::path socket, mailstore::Request request, const system::Descriptor& content);

}  // namespace mxpress::mta::transport
