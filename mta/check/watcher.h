// Who is told of the steps of a check.
#pragma once

#include "mta/check/findings.h"

namespace mxpress::mta::check {

// Told of each step when it happens. The references are valid during the call.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // Findings::own, way, recipient and sender are known.
  virtual void begun(const Findings&) {}
  virtual void answered(const ServerAnswer&) {}
  // The hosts are known, or the failure.
  virtual void found_hosts(const Findings&) {}
  virtual void begins(const HostFinding&) {}
  virtual void said(const Line&) {}
  virtual void ended(const HostFinding&) {}
};

}  // namespace mxpress::mta::check
