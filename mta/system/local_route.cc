// Asks the routing table of the kernel.
#include "mta/system/local_route.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "mta/system/descriptor.h"

namespace mxpress::mta::system {
namespace {

// Public addresses: of a root name server. connect(2) of a datagram socket looks for a route, and sends nothing.
constexpr const char* kSomewhere4 = "198.41.0.4";
constexpr const char* kSomewhere6 = "2001:503:ba3e::2:30";
constexpr std::uint16_t kSomePort = 25;

template <class Endpoint>
bool finds_way(int family, const Endpoint& endpoint) {
  const Descriptor socket(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return errno != EAFNOSUPPORT;  // no result, for example without free descriptors
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&endpoint), sizeof endpoint) == 0;
}

bool is_known(const char* address) { return has_route_to(dns::Address::parse(address).value()); }

}  // namespace

bool has_route_to(const dns::Address& address) {
  if (address.is_v6) {
    sockaddr_in6 endpoint{};
    endpoint.sin6_family = AF_INET6;
    endpoint.sin6_port = htons(kSomePort);
    std::memcpy(&endpoint.sin6_addr, address.bytes.data(), sizeof endpoint.sin6_addr);
    return finds_way(AF_INET6, endpoint);
  }
  sockaddr_in endpoint{};
  endpoint.sin_family = AF_INET;
  endpoint.sin_port = htons(kSomePort);
  std::memcpy(&endpoint.sin_addr, address.bytes.data(), sizeof endpoint.sin_addr);
  return finds_way(AF_INET, endpoint);
}

bool has_route_to_world(dns::AddressFamily family) {
  const bool by_ipv4 = family != dns::AddressFamily::ipv6 && is_known(kSomewhere4);
  return by_ipv4 || (family != dns::AddressFamily::ipv4 && is_known(kSomewhere6));
}

}  // namespace mxpress::mta::system
