// Polls the provider until there is an answer.
#include "mta/oauth/device_wait.h"

#include <algorithm>

namespace mxpress::mta::oauth {
namespace {

constexpr Duration kSlower = std::chrono::seconds(5);  // RFC 8628 3.5
constexpr Duration kSlowest = std::chrono::minutes(2);

}  // namespace

Result<Tokens> wait_for_person(const TokenHost& host, const DeviceGrant& grant, const Pause& pause) {
  Duration waited{0}, interval = grant.interval;
  std::string failure;
  while (waited + interval <= grant.lifetime) {
    pause(interval);
    waited += interval;
    auto answer = host.poll_device(grant.device_code);
    failure = answer ? "" : "; " + answer.error().message;
    if (!answer) {
      interval = std::min(2 * interval, kSlowest);
      continue;
    }
    if (answer->tokens) return std::move(*answer->tokens);
    const std::string& code = answer->refusal.code;
    if (code == "slow_down") interval += kSlower;
    if (code == "slow_down" || code == "authorization_pending") continue;
    if (code == "access_denied" || code == "authorization_declined") return Error::permanent("the person at the provider has said no");
    if (code == "expired_token") break;
    return Error::permanent("the provider refuses: " + answer->refusal.in_words());
  }
  return Error::permanent("the code was not entered in time" + failure);
}

}  // namespace mxpress::mta::oauth
