// One drop file as an SMTP session without a network: the same parser, limits and rules as for every other client.
#pragma once

#include <atomic>
#include <optional>

#include "dns/async.h"
#include "mta/intake/submit.h"
#include "mta/system/descriptor.h"

namespace mxpress::mta::intake {

struct DropVerdict {
  // The reply to the first message of the file. Without a complete message: 451 if the file could not be read, else the first refusal, or
  // 500 if nothing was refused.
  smtp::ServerReply reply;
  std::uint64_t work = 0;  // ServerSession::work() of its commands, which may be large for a small file
};

// `size`: when the file was checked; its owner may still be writing to it, and octets beyond `size` are not read. Blocking while it reads;
// done when the message is durable.
// Once `is_ending` is true, no recipient is looked up any more, and the reply is 451 if the envelope was not complete; it outlives the
// coroutine.
Task<DropVerdict> take_drop_file(Context& context, system::Descriptor file, std::uint64_t size, Entrance entrance,
                                 const std::atomic<bool>* is_ending = nullptr);

// True for such a reply: sendmail has not written this file.
bool is_no_message(const smtp::ServerReply& verdict);

}  // namespace mxpress::mta::intake
