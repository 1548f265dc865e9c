// Converts Address to Asio's and the system's address types, and back. No other file does.
#pragma once

#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/basic_endpoint.hpp>
#include <cstdint>
#include <optional>

#include "dns/address.h"

namespace mxpress::dns {

// `scope`: index of the interface of a link-local IPv6 address; 0: none.
boost::asio::ip::address to_asio(const Address& address, std::uint32_t scope = 0);
// Drops the scope.
Address from_asio(const boost::asio::ip::address& address);
// The address of a sockaddr_in or sockaddr_in6, without its scope; nullopt for a null pointer and other families.
std::optional<Address> from_system(const sockaddr* address);

// Protocol: asio::ip::tcp or udp. Its data() and size() are what bind() and connect() take.
template <class Protocol>
boost::asio::ip::basic_endpoint<Protocol> endpoint_of(const Address& address, std::uint16_t port, std::uint32_t scope = 0) {
  return {to_asio(address, scope), port};
}

}  // namespace mxpress::dns
