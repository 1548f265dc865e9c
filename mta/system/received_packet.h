// A request that comes in one packet with an open file beside it, at a unix socket.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>

#include "mta/system/descriptor.h"

namespace mxpress::mta::system {

struct ReceivedPacket {
  std::string text;
  Descriptor file;  // not open where none has come, or more than one: those are closed
};

// Blocks for at most five seconds. Nothing: none has come, or it was cut because it is longer than `most` octets.
std::optional<ReceivedPacket> receive_packet(int socket, std::size_t most);

// An ordinary file, open for reading alone; one in memory must be sealed, so that it is the same to its end. A file of tmpfs cannot be.
bool is_readable_content(int file);

}  // namespace mxpress::mta::system
