// The types of value in routes.
#pragma once

#include "mta/config/config_kinds.h"

namespace mxpress::mta::config {

Kind<proto::Mailbox> mailbox();
Kind<RouteTransport> route_transport();
Kind<Rate> rate();
Kind<std::vector<Rate>> rates();           // one or several, each for another period; an empty list: none
Kind<dns::Address> ip_address();           // of a host: no wildcard, no multicast
Kind<std::string> alert_recipient();       // a user of this host or an address; empty: nobody
Kind<std::vector<std::string>> command();  // an absolute path and its arguments, without a shell; empty: not set

}  // namespace mxpress::mta::config
