// Chooses the source of a [credentials.NAME].
#pragma once

#include <memory>
#include <string>

#include "mta/auth/login_source.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::auth {

// For config.credentials[name], which must exist and be checked. Never null.
std::unique_ptr<LoginSource> make_login_source(const Config& config, const std::string& name);

}  // namespace mxpress::mta::auth
