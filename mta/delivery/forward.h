// Forward declarations of the classes of delivery.
#pragma once

#include "queue/instant.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace mxpress::queue {
class MessageStore;
class Schedule;
struct Message;
}  // namespace mxpress::queue

namespace mxpress::mta {
struct Config;
class CurrentConfig;
}  // namespace mxpress::mta

namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta::events {
class Hub;
}

namespace mxpress::mta::transport {
struct AttemptReport;
struct SessionKey;
class Transports;
}  // namespace mxpress::mta::transport

namespace mxpress::mta::delivery {

class AgePolicy;
class Backoffs;
class DeliveryRoom;
class Destinations;
class Flights;
class JobLoader;
class Leases;
class Notices;
class Outages;
class Ownership;
class SiteLimits;
class SiteOutages;
class SiteTable;
class Turns;
class Wakes;
struct Conclusion;
struct Destination;
struct Loads;
struct Resolved;
struct Site;
struct Verdict;

using queue::DestinationIndex;
using queue::Instant;
using queue::JobIndex;
using queue::SiteIndex;
using transport::AttemptReport;
using transport::SessionKey;

}  // namespace mxpress::mta::delivery
