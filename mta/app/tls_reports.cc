// Puts the parts of reports about TLS together.
#include "mta/app/tls_reports.h"

#include <optional>
#include <random>

#include "mta/app/name_resolution.h"
#include "mta/config/config.h"
#include "mta/delivery/deliverer.h"
#include "mta/delivery/policy_hosts.h"
#include "mta/delivery/target_rules.h"
#include "mta/net/connector.h"
#include "mta/sts/policies.h"
#include "mta/tlsrpt/recorder.h"
#include "mta/tlsrpt/report_sender.h"

namespace mxpress::mta {

struct TlsReports::State {
  State(queue::Disk& disk, const CurrentConfig& current, sts::Policies& of_sts)
      : config(current),
        policies(of_sts),
        recorder({&disk, (current.get()->spool_directory / tlsrpt::kFile).string(), current, &of_sts, std::random_device()()}) {}

  const CurrentConfig& config;
  sts::Policies& policies;
  tlsrpt::Recorder recorder;
  std::optional<tlsrpt::ReportSender> sender;
};

TlsReports::TlsReports(queue::Disk& disk, const CurrentConfig& config, sts::Policies& policies)
    : state_(std::make_unique<State>(disk, config, policies)) {}

TlsReports::~TlsReports() = default;

events::Sink& TlsReports::sink() { return state_->recorder; }

void TlsReports::start(Parts parts) {
  State& state = *state_;
  state.policies.when_failed([&state](const auto& domain, const auto& failure) { state.recorder.fetch_failed(domain, failure); });
  auto make_resolver = [&names = parts.names](asio::io_context& io, const Config& config) { return names.make_resolver(io, config); };
  auto make_connector = [](asio::io_context& io) { return std::make_shared<net::TcpConnector>(io.get_executor()); };
  auto reach = [own = delivery::OwnAddresses()](const Config& config) mutable -> std::optional<http_client::Reach> {
    const auto addresses = own.at(BootClock::now());
    if (!addresses) return std::nullopt;
    return delivery::policy_reach(config, delivery::deliverable(config, addresses));
  };
  auto admit = [&deliverer = parts.deliverer](queue::QueueId id, const proto::Envelope& envelope) { deliverer.admit(id, envelope); };
  state.sender.emplace(tlsrpt::ReportSender::Parts{parts.io, state.recorder, parts.spool, state.config, &parts.files,
                                                   std::move(make_resolver), std::move(make_connector), std::move(reach), std::move(admit),
                                                   std::random_device()()});
}

void TlsReports::stop() {
  if (state_->sender) state_->sender->stop();
  state_->sender.reset();
}

}  // namespace mxpress::mta
