// One drop file as an SMTP session without a network: the same parser, limits and rules as for every other client.
#pragma once

#include <optional>

#include "dns/async.h"
#include "mta/intake/submit.h"
#include "mta/system/descriptor.h"

namespace mxpress::mta::intake {

struct DropVerdict {
  // To the first message of the file; without a complete message: 451 if the file could not be read, else the first refusal, or 500 where
  // there is nothing to refuse.
  smtp::ServerReply reply;
  std::uint64_t work = 0;  // ServerSession::work() of its commands, which its size does not tell
};

// `size`: the file as it was looked at; its owner may be writing to it still, and nothing behind that is read. Blocking while it reads;
// done when the message is durable.
Task<DropVerdict> take_drop_file(Context& context, system::Descriptor file, std::uint64_t size, Entrance entrance);

// Of such a reply: sendmail has not written this file.
bool is_no_message(const smtp::ServerReply& verdict);

}  // namespace mxpress::mta::intake
