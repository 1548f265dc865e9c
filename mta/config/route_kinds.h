// The types of value that ways of mail have.
#pragma once

#include "mta/config/config_kinds.h"

namespace mxpress::mta::config {

Kind<proto::Mailbox> mailbox();
Kind<RouteTransport> route_transport();
Kind<Rate> rate();
Kind<std::vector<Rate>> rates();           // one or several, each for another period; an empty list: none
Kind<dns::Address> ip_address();           // that a host may have: no wildcard, no multicast
Kind<std::string> alert_recipient();       // a user of this host or an address; empty: nobody
Kind<std::vector<std::string>> command();  // an absolute path and its arguments, for no shell; empty: not set

}  // namespace mxpress::mta::config
