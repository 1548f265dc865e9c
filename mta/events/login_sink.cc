// Maps sites to the logins that they use.
#include "mta/events/login_sink.h"

#include <string>

#include "mta/auth/login_keeper.h"

namespace mxpress::mta::events {

void LoginSink::take(const Event& event) {
  if (const auto* refused = std::get_if<LoginRefused>(&event)) keeper_.refused(std::string(refused->login));
  if (const auto* recovered = std::get_if<SiteRecovered>(&event); recovered && !recovered->login.empty())
    keeper_.accepted(std::string(recovered->login));
}

}  // namespace mxpress::mta::events
