// How answers of the DNS become authenticated (DNSSEC) on this host.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace mxpress::dns {

struct Authentication {
  enum class By : std::uint8_t {
    unknown,      // not tested yet, or no name server answers
    name_server,  // the AD bit of trusted name servers
    library,      // libunbound
    nobody        // DANE is off
  };
  By by = By::unknown;
  std::string text = "mxpressd does not run";  // for people: "127.0.0.1:53 is trusted for DNSSEC"
  bool is_on() const { return by == By::name_server || by == By::library; }
  auto operator<=>(const Authentication&) const = default;
};

}  // namespace mxpress::dns
