// Whether a mail host has refused mail because it came too fast.
#pragma once

namespace mxpress::mta::transport {

class TargetConnections;
struct AttemptReport;
struct Order;

// True if a host has refused mail of the attempt for now by a reply of class rate that is about the site. Of a provider only hosts that
// have taken mail are believed. Of many recipients the first ones are looked at.
bool came_too_fast(const Order& order, const AttemptReport& report, const TargetConnections& connections);

}  // namespace mxpress::mta::transport
