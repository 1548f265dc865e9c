// Probes mail hosts and name servers without sending mail.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dns/async.h"
#include "dns/target.h"

namespace mxpress::dns {
class Resolver;
}
namespace mxpress::mta {
class CurrentConfig;
namespace net {
class Connector;
}
namespace transport {
class TargetConnections;
}
}  // namespace mxpress::mta

namespace mxpress::mta::delivery {

struct RootFailure {
  std::string text;         // in words without anybody's domain
  bool is_refused = false;  // a name server has said REFUSED: it is there, and may only be full
};

// Thread: that of the connector.
class OutageProbes {
 public:
  // `make_resolver`: gives one with an empty cache.
  OutageProbes(const CurrentConfig& config, net::Connector& connector, std::shared_ptr<transport::TargetConnections> connections,
               std::function<std::shared_ptr<dns::Resolver>()> make_resolver)
      : config_(config), connector_(connector), connections_(std::move(connections)), make_resolver_(std::move(make_resolver)) {}

  // True if it sends a greeting of any kind. False also if the host, or its provider, has as many connections as it may have: those tell.
  Task<bool> has_greeting(dns::Target target) const;
  // Asks the name servers for those of the root. Nullopt: they know them.
  Task<std::optional<RootFailure>> failure_of_root() const;
  // True if they answer a question about the mail hosts of a domain.
  Task<bool> answers(std::string domain) const;

 private:
  const CurrentConfig& config_;
  net::Connector& connector_;
  const std::shared_ptr<transport::TargetConnections> connections_;  // shared with the transports
  const std::function<std::shared_ptr<dns::Resolver>()> make_resolver_;
};

}  // namespace mxpress::mta::delivery
