// One drop file as an SMTP session without a network: the same parser, limits and rules as for every other client.
#pragma once

#include <optional>

#include "mta/host/descriptor.h"
#include "mta/intake/submit.h"

namespace mxpress::mta::intake {

// `size`: the file as it was looked at; its owner may be writing to it still, and nothing behind that is read.
// The reply to the first message of the file; without a complete message: 451 if the file could not be read,
// else the first refusal, or 554. Blocking: waits until it is durable.
smtp::ServerReply take_drop_file(Context& context, host::Descriptor file, std::uint64_t size, Entrance entrance);

}  // namespace mxpress::mta::intake
