// The identity of a peer.
#include "mta/net/tls_peer.h"

#include "dns/address.h"
#include "proto/ascii.h"
#include "proto/text_hash.h"

namespace mxpress::mta::net {

TlsPeer::TlsPeer(const dns::Target& target, const TlsPolicy& policy)
    : id_(proto::TextHash()(proto::lower_case(target.host) + " " + dns::address_and_port(target.address, target.port) + " " +
                            policy.text())),
      kind_(policy.kind()) {}

}  // namespace mxpress::mta::net
