// The types of value that ways of mail have.
#pragma once

#include "mta/config/config_kinds.h"

namespace mxpress::mta::config {

Kind<proto::Mailbox> mailbox();
Kind<RouteTransport> route_transport();
Kind<dns::Address> ip_address();  // that a host may have: no wildcard, no multicast

}  // namespace mxpress::mta::config
