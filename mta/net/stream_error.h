// Words for network errors: the one place where error codes of connections become text.
#pragma once

#include <boost/system/error_code.hpp>
#include <string>

#include "proto/result.h"

namespace mxpress::mta::net {

// "connection refused", "network is unreachable", "TLS: wrong version number". Printable, one line.
std::string network_words(const boost::system::error_code& code);
// Always transient: networks change.
Error network_error(const boost::system::error_code& code);

}  // namespace mxpress::mta::net
