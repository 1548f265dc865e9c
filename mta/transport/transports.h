// The transports of a worker, and the choice of one for a site.
#pragma once

#include <array>
#include <cstddef>

namespace mxpress::mta::transport {

struct SessionTerms;
class Transport;

inline constexpr std::size_t kTransports = 4;  // kinds: routing::TransportKind

// They must outlive it. Thread: the worker's.
class Transports {
 public:
  Transports(Transport& smtp, Transport& mailbox, Transport& deliver, Transport& command) : all_{&smtp, &mailbox, &deliver, &command} {}
  Transport& of(const SessionTerms& terms) const;
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }

 private:
  std::array<Transport*, kTransports> all_;  // by kind
};

}  // namespace mxpress::mta::transport
