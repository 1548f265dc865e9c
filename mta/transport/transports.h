// The transports of a worker, and which one serves a site.
#pragma once

#include <array>

namespace mxpress::mta::transport {

struct SessionTerms;
class Transport;

// They outlive it. Thread: the worker's.
class Transports {
 public:
  Transports(Transport& smtp, Transport& mailbox, Transport& deliver) : all_{&smtp, &mailbox, &deliver} {}
  Transport& of(const SessionTerms& terms) const;
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }

 private:
  std::array<Transport*, 3> all_;  // by kind
};

}  // namespace mxpress::mta::transport
