// The lookups of all workers for MTA-STS policies, and the upkeep of these.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "mta/sts/lookup.h"

namespace mxpress::mta {
struct Config;
class CurrentConfig;
}  // namespace mxpress::mta

namespace mxpress::mta::sts {

class Upkeep;

// Destroyed after the threads that run its io_contexts have ended, before these.
class Lookups {
 public:
  using MakeWays = std::function<Ways(asio::io_context&, const Config&)>;

  // `policies`: null: there is no MTA-STS. `config` must outlive it. `make_ways`: called on the thread of the first worker.
  Lookups(Policies* policies, const CurrentConfig& config, MakeWays make_ways);
  ~Lookups();

  // The lookup for one of so many workers; null: none. The first worker's io_context does the upkeep. Call it before any thread runs.
  Lookup* add(asio::io_context& io, net::Connector& connector, std::size_t workers);
  // See Upkeep::stop(). Thread: the first worker's.
  void stop();

 private:
  Policies* const policies_;
  const CurrentConfig& config_;
  const MakeWays make_ways_;
  std::vector<std::unique_ptr<Lookup>> lookups_;
  std::unique_ptr<Upkeep> upkeep_;
};

}  // namespace mxpress::mta::sts
