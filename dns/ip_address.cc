// Converts addresses.
#include "dns/ip_address.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace mxpress::dns {

namespace asio = boost::asio;

asio::ip::address to_asio(const Address& address, std::uint32_t scope) {
  if (address.is_v6) return asio::ip::address_v6(address.bytes, scope);
  asio::ip::address_v4::bytes_type bytes;
  std::copy_n(address.bytes.begin(), bytes.size(), bytes.begin());
  return asio::ip::address_v4(bytes);
}

Address from_asio(const asio::ip::address& address) {
  Address result;
  result.is_v6 = address.is_v6();
  if (result.is_v6) {
    result.bytes = address.to_v6().to_bytes();
  } else {
    const auto bytes = address.to_v4().to_bytes();
    std::copy(bytes.begin(), bytes.end(), result.bytes.begin());
  }
  return result;
}

std::optional<Address> from_system(const sockaddr* address) {
  if (!address || (address->sa_family != AF_INET && address->sa_family != AF_INET6)) return std::nullopt;
  Address result;
  result.is_v6 = address->sa_family == AF_INET6;
  if (result.is_v6)
    std::memcpy(result.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, sizeof(in6_addr));
  else
    std::memcpy(result.bytes.data(), &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, sizeof(in_addr));
  return result;
}

}  // namespace mxpress::dns
