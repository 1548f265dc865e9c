// Options from the configuration and the terms.
#include "mta/transport/session_options.h"

#include "mta/auth/current_login.h"
#include "mta/config/config.h"
#include "mta/net/dane.h"
#include "mta/transport/provider_terms.h"
#include "mta/transport/session_key.h"
#include "mta/transport/transport.h"

namespace mxpress::mta::transport {

smtp::ClientOptions session_options(const Order& order, const dns::Target& target) {
  smtp::ClientOptions options;
  options.hello_name = order.config->hostname;
  options.timeouts = order.config->timeouts;
  options.tls = net::policy_for(target, order.terms->tls);
  options.dialect = order.terms->is_lmtp ? smtp::Dialect::lmtp : smtp::Dialect::smtp;
  options.max_recipients = order.terms->is_lmtp ? 1 : provider_terms(order, target).most_recipients;  // so that Delivered-To names it
  options.implicit_tls = order.terms->implicit_tls;
  options.require_tls = order.terms->require_tls;
  options.login = auth::login_now(order.terms->login);
  options.is_by_route = order.is_by_route;
  options.source = order.terms->source;
  return options;
}

}  // namespace mxpress::mta::transport
