// The types of value in [credentials.NAME] oauth.
#pragma once

#include "mta/config/config_kinds.h"
#include "mta/config/oauth_config.h"

namespace mxpress::mta::config {

Kind<proto::HttpsUrl> https_url();
Kind<std::string> oauth_provider();
Kind<std::string> oauth_tenant();
// The name of a provider, or a table of the keys in fields_of(OAuthConfig&).
Kind<OAuthConfig> oauth();

}  // namespace mxpress::mta::config
