// Puts the parts of lookups together.
#include "mta/check/lookups.h"

#include "dns/stub_resolver.h"
#include "dns/validating_resolver.h"
#include "dns/validator.h"
#include "mta/config/config.h"
#include "mta/config/name_service.h"
#include "mta/delivery/target_rules.h"
#include "mta/net/connector.h"
#include "mta/sts/lookup.h"
#include "mta/sts/policies.h"
#include "queue/disk.h"

namespace mxpress::mta::check {
namespace {

Result<sts::PolicyCache> read_kept(const Config& config) {
  queue::SystemDisk disk;
  return sts::read_policies(disk, (config.spool_directory / sts::kFile).string());
}

}  // namespace

struct OwnLookups::Parts {
  Parts(asio::io_context& io, const Config& config, Result<sts::PolicyCache> kept)
      : validator(io.get_executor(), config::validator_config(config, config::Anchoring::keeps_nothing), {}, 2),
        resolver(std::make_shared<dns::ValidatingResolver>(
            std::make_shared<dns::StubResolver>(io.get_executor(), config::stub_config(config), 1), validator)),
        connector(io.get_executor()),
        policies(kept ? *kept : sts::PolicyCache()),
        lookup(io, policies, connector, 1),
        kept_failure(kept ? std::string() : kept.error().message) {
    validator.start();
  }

  dns::Validator validator;
  std::shared_ptr<dns::Resolver> resolver;
  net::TcpConnector connector;
  sts::Policies policies;
  sts::Lookup lookup;
  std::string kept_failure;
  delivery::OwnAddresses interfaces;
};

OwnLookups::OwnLookups(asio::io_context& io, const Config& config) : parts_(std::make_unique<Parts>(io, config, read_kept(config))) {}

OwnLookups::~OwnLookups() = default;

std::shared_ptr<dns::Resolver> OwnLookups::resolver() const { return parts_->resolver; }
sts::Lookup& OwnLookups::sts() const { return parts_->lookup; }
net::Connector& OwnLookups::connector() const { return parts_->connector; }

std::optional<std::set<dns::Address>> OwnLookups::own_addresses() const {
  const auto own = parts_->interfaces.at(BootClock::now());
  return own ? std::optional(*own) : std::nullopt;
}

Task<void> OwnLookups::tested() const { co_await parts_->validator.tested(); }
dns::Authentication OwnLookups::authentication() const { return parts_->validator.state(); }
const std::string& OwnLookups::kept_failure() const { return parts_->kept_failure; }

}  // namespace mxpress::mta::check
