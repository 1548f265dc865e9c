// Which source a [credentials.NAME] has, with OAuth.
#pragma once

#include <memory>
#include <string>

#include "mta/auth/login_source.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::oauth {

// Of config.credentials[name], which is there and has been checked. Never null.
std::unique_ptr<auth::LoginSource> make_login_source(const Config& config, const std::string& name);

}  // namespace mxpress::mta::oauth
