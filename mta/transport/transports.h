// The transports of a worker, and which one serves a site.
#pragma once

#include <array>

namespace mxpress::mta::transport {

struct SessionTerms;
class Transport;

// They outlive it. Thread: the worker's.
class Transports {
 public:
  Transports(Transport& smtp, Transport& mailbox) : all_{&smtp, &mailbox} {}
  Transport& of(const SessionTerms& terms) const;
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }

 private:
  std::array<Transport*, 2> all_;  // by kind
};

}  // namespace mxpress::mta::transport
