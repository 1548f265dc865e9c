// The mail of this host, by its configuration, as far as checks need it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mta/records/host_records.h"

namespace mxpress::mta::doctor {

struct Subject {
  records::HostMail mail;               // with the signing keys; its addresses are those that other hosts see, empty if none is known
  bool is_direct = true;                // some mail goes to the mail hosts of its recipients: false if a provider takes all of it
  std::string provider{};               // that takes mail, if any: "[route]"
  bool has_fallback = false;            // `provider` takes mail only while none can go directly
  std::string keys_unknown_because{};   // the key files cannot be read
  std::vector<dns::Address> sources{};  // the kernel's choice for each family that may be used; private ones behind a router
  dns::AddressFamily family = dns::AddressFamily::any;  // [delivery] address_family
  std::uint16_t port = 25;

  // Mail leaves by a router that changes its address, and nobody has said to which: [doctor] addresses.
  bool is_behind_router() const { return mail.addresses.empty() && !sources.empty(); }
  bool has_source(bool is_v6) const;
};

inline bool Subject::has_source(bool is_v6) const {
  for (const dns::Address& one : sources)
    if (one.is_v6 == is_v6) return true;
  return false;
}

}  // namespace mxpress::mta::doctor
