// Keys of the DNS root that validation starts from, as text. Pure. RFC 4033 4.4, RFC 5011.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mxpress::dns {

// The DNSKEY and DS records of the root in a file of trust anchors, in one form each, without TTL and comments. Takes the files of
// dns-root-data, and those that libunbound keeps: of these only keys in the states VALID and MISSING (RFC 5011 4.2), which may be trusted.
// Other lines are ignored.
std::vector<std::string> parse_trust_anchors(std::string_view text);

}  // namespace mxpress::dns
