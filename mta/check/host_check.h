// Asks one mail host whether it takes mail, as a delivery opens a session and begins a transaction.
#pragma once

#include "dns/async.h"

namespace mxpress::mta::content {
class Pipeline;
}
namespace mxpress::mta::net {
class Connector;
}
namespace mxpress::mta::smtp {
struct ClientOptions;
}
namespace mxpress::mta::transport {
struct Order;
}
namespace mxpress::proto {
struct Envelope;
}

namespace mxpress::mta::check {

class Watcher;
struct HostFinding;

// What is asked. All must outlive the check.
struct HostQuestion {
  net::Connector& connector;
  const transport::Order& order;  // its configuration and terms decide how the session is opened
  const proto::Envelope& envelope;
  content::Pipeline& content;
  BootTime since;  // the beginning of the whole check
  Watcher& watcher;
};

// Shorter waits than those of a delivery, which has time.
void shorten_waits(smtp::ClientOptions& options);

// Fills `finding`, whose target and policy are set.
Task<void> check_host(HostQuestion question, HostFinding& finding);

}  // namespace mxpress::mta::check
