// A request in one packet with an open file, received from a Unix socket.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>

#include "mta/system/descriptor.h"

namespace mxpress::mta::system {

struct ReceivedPacket {
  std::string text;
  Descriptor file;  // not open if none has come, or more than one: those are closed
};

// Blocks for at most five seconds. Nullopt: none has come, or it was cut because it is longer than `most` octets.
std::optional<ReceivedPacket> receive_packet(int socket, std::size_t most);

// True for a regular file, open for reading only; one in memory must be sealed, so that it cannot change. A file of tmpfs cannot be sealed.
bool is_readable_content(int file);

}  // namespace mxpress::mta::system
