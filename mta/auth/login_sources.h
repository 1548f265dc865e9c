// Which source a [credentials.NAME] has.
#pragma once

#include <memory>
#include <string>

#include "mta/auth/login_source.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::auth {

// Of config.credentials[name], which is there and has been checked. Never null.
std::unique_ptr<LoginSource> make_login_source(const Config& config, const std::string& name);

}  // namespace mxpress::mta::auth
