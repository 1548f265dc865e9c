// Names in the reverse zones: see reverse_name.h.
#include "dns/reverse_name.h"

namespace mxpress::dns {

std::string reverse_name(const Address& address) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string name;
  if (!address.is_v6) {
    for (std::size_t i = 4; i-- > 0;) name += std::to_string(address.bytes[i]) + ".";
    return name + "in-addr.arpa";
  }
  for (std::size_t i = 16; i-- > 0;) {
    name += kDigits[address.bytes[i] & 15];
    name += '.';
    name += kDigits[address.bytes[i] >> 4];
    name += '.';
  }
  return name + "ip6.arpa";
}

}  // namespace mxpress::dns
