// A composed message in a file without a name, as the code of deliveries reads it.
#pragma once

#include <memory>

#include "proto/result.h"
#include "queue/message.h"

namespace mxpress::mta::compose {
class Message;
}

namespace mxpress::mta::send {

// Writes the message to a file without a name in $TMPDIR, else in /tmp.
Result<std::shared_ptr<const queue::Content>> write_to_file(const compose::Message& message);

}  // namespace mxpress::mta::send
