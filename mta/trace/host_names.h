// Which host names belong together: those below one domain that somebody registered. Pure.
#pragma once

#include <string>
#include <string_view>

#include "dns/address.h"

namespace mxpress::mta::trace {

// "example.org" for "mx1.mail.example.org", "example.co.uk" for "mx.example.co.uk"; in lower case. The name itself if it has no dot.
// A guess by the length of labels: there is no list of public suffixes here.
std::string registered_domain(std::string_view name);

// True for names below the same registered domain, or below domains that one large provider uses side by side.
bool are_of_one_owner(std::string_view left, std::string_view right);

// False for addresses, names without a dot, and those of private networks, such as "srv.lan".
bool is_public_name(std::string_view name);

// A loopback, private or link-local address.
bool is_inside(const dns::Address& address);

}  // namespace mxpress::mta::trace
