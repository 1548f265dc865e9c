// Asks the kernel for the source address of a route.
#include "mta/net/source_address.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/udp.hpp>
#include <optional>

#include "dns/ip_address.h"

namespace mxpress::mta::net {
namespace {

constexpr std::uint16_t kPort = 25;

// A connected UDP socket has an address, and sends nothing for that.
std::optional<dns::Address> source_for(const dns::Address& target) {
  const int socket = ::socket(target.is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return std::nullopt;
  const auto endpoint = dns::endpoint_of<boost::asio::ip::udp>(target, kPort);
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  const bool is_known = ::connect(socket, endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0 &&
                        ::getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size) == 0;
  ::close(socket);
  return is_known ? dns::from_system(reinterpret_cast<sockaddr*>(&own)) : std::nullopt;
}

}  // namespace

std::vector<dns::Address> source_addresses() {
  std::vector<dns::Address> addresses;
  for (const char* target : {"198.51.100.1", "2001:db8::1"})  // unused addresses (RFC 5737, RFC 3849)
    if (const auto address = source_for(dns::Address::parse(target).value())) addresses.push_back(*address);
  return addresses;
}

std::vector<dns::Address> public_source_addresses() {
  std::vector<dns::Address> addresses = source_addresses();
  std::erase_if(addresses, [](const dns::Address& one) { return !dns::peculiarity(one).empty() || dns::is_private(one); });
  return addresses;
}

}  // namespace mxpress::mta::net
