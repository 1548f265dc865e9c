// Fetches policies by HTTPS.
#include "mta/sts/fetch.h"

#include "mta/http_client/exchange.h"
#include "proto/printable.h"

namespace mxpress::mta::sts {
namespace {

constexpr std::string_view kMediaType = "text/plain";
constexpr int kOk = 200;
constexpr std::size_t kMaxWords = 300;

Fetched failed(std::string why, net::TlsFailure type) { return {std::nullopt, {proto::printable(why, kMaxWords), type}}; }

Fetched policy_in(const http_client::Response& response) {
  const std::string status = std::to_string(response.status);
  if (response.status / 100 == 3)
    return failed("the host answers with a redirect (" + status + ")", net::TlsFailure::sts_policy_fetch_error);
  if (response.status != kOk) return failed("the host answers with " + status, net::TlsFailure::sts_policy_fetch_error);
  if (response.media_type != kMediaType)
    return failed("the answer is not " + std::string(kMediaType) + (response.media_type.empty() ? "" : " but " + response.media_type),
                  net::TlsFailure::sts_policy_fetch_error);
  auto policy = parse_policy(response.content.reveal());
  if (!policy) return failed(policy.error().message, net::TlsFailure::sts_policy_invalid);
  return {std::move(*policy)};
}

}  // namespace

Task<Fetched> fetch_policy(dns::Resolver& resolver, net::Connector& connector, const http_client::Reach& reach, std::string domain,
                           BootTime deadline) {
  http_client::Request request;
  request.method = "GET";
  request.accept = kMediaType;
  request.url = {.host = "mta-sts." + domain, .target = "/.well-known/mta-sts.txt"};
  http_client::Exchange exchange(resolver, connector, reach, [] {});
  const auto response = co_await exchange.run(std::move(request), deadline);
  if (response) co_return policy_in(*response);
  co_return failed(response.error().message,
                   exchange.refused_certificate() ? net::TlsFailure::sts_webpki_invalid : net::TlsFailure::sts_policy_fetch_error);
}

}  // namespace mxpress::mta::sts
