// Sends one probe each.
#include "mta/delivery/outage_probes.h"

#include "dns/resolver.h"
#include "mta/config/config.h"
#include "mta/net/stream.h"
#include "mta/transport/provider_terms.h"
#include "mta/transport/target_connections.h"
#include "mta/transport/transport.h"

namespace mxpress::mta::delivery {
namespace {

constexpr Duration kGreeting = std::chrono::seconds(30);
constexpr std::size_t kLongestGreeting = 512;

}  // namespace

Task<bool> OutageProbes::has_greeting(dns::Target target) const {
  const auto config = config_.get();
  transport::Order order;
  order.config = config;
  order.rules = config->replies;
  order.most_connections = config->delivery.max_sessions_per_site;
  const transport::ProviderTerms terms = transport::provider_terms(order, target);
  const auto place = connections_->open(terms.place, {}, terms.most_connections);
  if (!place) co_return false;
  const BootTime deadline = BootClock::now() + config->timeouts.connect;
  auto stream = co_await connector_.connect(std::move(target), net::TlsPolicy::none("probe"), std::nullopt, deadline);
  if (!stream) co_return false;
  (*stream)->set_deadline(BootClock::now() + kGreeting);
  std::string greeting(kLongestGreeting, '\0');
  const auto length = co_await (*stream)->read_some(greeting.data(), greeting.size());
  const bool has_spoken = length && *length > 0 && greeting[0] >= '2' && greeting[0] <= '5';
  if (has_spoken) (void)co_await (*stream)->write("QUIT\r\n");
  (*stream)->close();
  co_return has_spoken;
}

Task<std::optional<RootFailure>> OutageProbes::failure_of_root() const {
  const auto resolver = make_resolver_();
  dns::Answer answer = co_await resolver->resolve({"", dns::RecordType::ns});
  if (answer.kind != dns::AnswerKind::failed) co_return std::nullopt;
  co_return RootFailure{std::move(answer.text), answer.is_refused};
}

Task<bool> OutageProbes::answers(std::string domain) const {
  const auto resolver = make_resolver_();
  const dns::Answer answer = co_await resolver->resolve({std::move(domain), dns::RecordType::mx});
  co_return answer.kind != dns::AnswerKind::failed;
}

}  // namespace mxpress::mta::delivery
