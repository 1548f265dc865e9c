// Finds the user with the other end of a TCP connection within this host, by sock_diag(7).
#pragma once

#include <cstdint>
#include <optional>

#include "dns/address.h"
#include "mta/system/descriptor.h"

namespace mxpress::mta::intake {

struct TcpEnd {
  dns::Address address;
  std::uint16_t port = 0;
};

// A query takes two system calls, and is answered at once. Not thread-safe.
class SocketOwners {
 public:
  // If the kernel has no sock_diag, or it is forbidden, all users are unknown.
  SocketOwners();
  struct Found {
    std::optional<std::int64_t> uid{};  // nullopt: unknown
    bool has_closed = false;            // no program holds the socket any more
  };
  // The user who created the socket at `client`, connected to `server`. Sufficient for shares, not for rights: a program may have received
  // the socket from another user's.
  Found find(const TcpEnd& client, const TcpEnd& server);

 private:
  const system::Descriptor netlink_;
  std::uint32_t sequence_ = 0;
};

}  // namespace mxpress::mta::intake
