// How a session with a mail host is opened for an order.
#pragma once

#include "mta/smtp/client.h"

namespace mxpress::mta::transport {

struct Order;

// By the configuration and the terms of the order; its offer of TLS and its use of pipelining are left to what is known of the host.
smtp::ClientOptions session_options(const Order& order, const dns::Target& target);

}  // namespace mxpress::mta::transport
