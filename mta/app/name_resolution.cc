// The daemon's resolvers: see name_resolution.h.
#include "mta/app/name_resolution.h"

#include <boost/asio/post.hpp>
#include <random>
#include <utility>

#include "dns/stub_resolver.h"
#include "dns/validating_resolver.h"
#include "dns/validator.h"
#include "dns/zone_resolver.h"
#include "mta/config/config.h"
#include "mta/config/name_service.h"
#include "mta/control/backend.h"
#include "mta/system/log.h"

namespace mxpress::mta {
namespace {

dns::ValidatorConfig validation_of(const Config& config) { return config::validator_config(config, config::Anchoring::keeps_anchors); }

void log_dnssec(bool is_problem, const std::string& text) {
  log(LogLine(is_problem ? Priority::warning : Priority::notice, "dnssec").add("note", text));
}

}  // namespace

class NameResolution::Parts {
 public:
  Parts(Executor executor, const Config& config) : validator(executor, validation_of(config), log_dnssec, random_seed()) {}
  dns::Validator validator;
};

NameResolution::NameResolution(Executor executor, const Config& config) : parts_(std::make_unique<Parts>(executor, config)) {}

NameResolution::~NameResolution() = default;

void NameResolution::start() { parts_->validator.start(); }

std::shared_ptr<dns::Resolver> NameResolution::make_resolver(asio::io_context& io, const Config& config) {
  auto stub = std::make_shared<dns::StubResolver>(io.get_executor(), config::stub_config(config), random_seed());
  return std::make_shared<dns::ValidatingResolver>(std::move(stub), parts_->validator);
}

void NameResolution::reconfigure(const Config& config) {
  dns::Validator& validator = parts_->validator;
  asio::post(validator.executor(), [&validator, validation = validation_of(config)] { validator.reconfigure(validation); });
}

void NameResolution::describe(control::DaemonStatus& status, const Config& config) const {
  status.dane = config::dane_state(config, parts_->validator.state());
}

std::shared_ptr<dns::Resolver> make_zone_resolver(Executor executor, dns::StubConfig dns) {
  dns.cache.entries = 0;
  auto stub = std::make_shared<dns::StubResolver>(executor, std::move(dns), random_seed());
  return std::make_shared<dns::ZoneResolver>(std::move(stub), random_seed());
}

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) ^ device();
}

}  // namespace mxpress::mta
