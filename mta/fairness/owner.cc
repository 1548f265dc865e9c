// Finds owners by addresses.
#include "mta/fairness/owner.h"

#include "dns/address.h"

namespace mxpress::mta::fairness {
namespace {

std::uint64_t first_octets(const dns::Address& address, std::size_t count) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) number = number << 8 | address.bytes[i];
  return number;
}

}  // namespace

Owner owner_of_client(const dns::Address& address) {
  if (dns::is_loopback(address)) return {};
  const dns::Address plain = dns::unmapped(address);
  if (plain.is_v6) return Owner::ipv6_network(first_octets(plain, 8));
  return Owner::ipv4(static_cast<std::uint32_t>(first_octets(plain, 4)));
}

}  // namespace mxpress::mta::fairness
