// The name of an owner in log lines and errors.
#include "proto/share_owner.h"

#include <arpa/inet.h>

#include <array>

namespace mxpress::proto {
namespace {

std::string ipv4_text(std::uint64_t address) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text.append(text.empty() ? "" : ".").append(std::to_string(address >> shift & 0xFF));
  return text;
}

std::string ipv6_network_text(std::uint64_t prefix) {
  std::array<std::uint8_t, 16> octets{};
  for (std::size_t i = 0; i < 8; ++i) octets[i] = static_cast<std::uint8_t>(prefix >> (56 - 8 * i));
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(AF_INET6, octets.data(), text, sizeof text);
  return std::string(text) + "/64";
}

}  // namespace

std::string ShareOwner::to_string() const {
  switch (kind_) {
    case Kind::unknown:
      return "loopback";
    case Kind::user:
      return "uid " + std::to_string(number_);
    case Kind::ipv4:
      return ipv4_text(number_);
    case Kind::ipv6_network:
      return ipv6_network_text(number_);
    case Kind::host:
      return "mxpressd";
  }
  return "";
}

}  // namespace mxpress::proto
