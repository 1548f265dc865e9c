// Receives one packet with a passed descriptor.
#include "mta/system/received_packet.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <array>
#include <cstring>
#include <utility>

namespace mxpress::mta::system {
namespace {

constexpr timeval kPatience{5, 0};
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

// Closes all descriptors if there is not exactly one.
Descriptor only_descriptor(msghdr& message) {
  Descriptor only;
  int count = 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t bytes = part->cmsg_len - CMSG_LEN(0);
    for (std::size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int), ++count) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(part) + at, sizeof number);
      only = Descriptor(number);
    }
  }
  return count == 1 ? std::move(only) : Descriptor();
}

}  // namespace

std::optional<ReceivedPacket> receive_packet(int socket, std::size_t most) {
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) & ~O_NONBLOCK);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  std::string text(most, '\0');
  alignas(cmsghdr) std::array<char, CMSG_SPACE(4 * sizeof(int))> control{};
  iovec place{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (got <= 0) return std::nullopt;
  text.resize(static_cast<std::size_t>(got));
  ReceivedPacket packet{std::move(text), only_descriptor(message)};
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return std::nullopt;
  return packet;
}

bool is_readable_content(int file) {
  struct stat found{};
  const int flags = ::fcntl(file, F_GETFL);
  if (flags < 0 || (flags & (O_ACCMODE | O_PATH)) != O_RDONLY || ::fstat(file, &found) != 0 || !S_ISREG(found.st_mode)) return false;
  const int seals = ::fcntl(file, F_GET_SEALS);
  return seals < 0 || seals == F_SEAL_SEAL || (seals & kSeals) == kSeals;
}

}  // namespace mxpress::mta::system
