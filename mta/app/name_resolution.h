// The daemon's resolvers, and the validator that they share.
#pragma once

#include <cstdint>
#include <memory>

#include "dns/async.h"

namespace mxpress::dns {
class Resolver;
struct StubConfig;
}  // namespace mxpress::dns

namespace mxpress::mta {

struct Config;
namespace control {
struct DaemonStatus;
}

// Thread: that of the executor it is made with, for all but make_resolver(), reconfigure() and describe(). Must be destroyed before the
// executor's context, and after the resolvers' coroutines.
class NameResolution {
 public:
  NameResolution(Executor executor, const Config& config);
  ~NameResolution();
  NameResolution(const NameResolution&) = delete;
  NameResolution& operator=(const NameResolution&) = delete;

  // Tests how answers become authenticated; the log tells of each change.
  void start();
  // Any thread. Resolves with an empty cache, on the thread of `io`.
  std::shared_ptr<dns::Resolver> make_resolver(asio::io_context& io, const Config& config);
  void reconfigure(const Config& config);                                    // any thread
  void describe(control::DaemonStatus& status, const Config& config) const;  // any thread

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

// Asks the servers of a zone directly, and caches nothing.
std::shared_ptr<dns::Resolver> make_zone_resolver(Executor executor, dns::StubConfig dns);

std::uint64_t random_seed();

}  // namespace mxpress::mta
