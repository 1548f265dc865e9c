// The media type of a file, by the database of shared-mime-info.
#pragma once

#include <string>

#include "mta/compose/source.h"

namespace mxpress::mta::compose {

inline constexpr const char* kAnyOctets = "application/octet-stream";

// "image/png", in lower case; by the name, and by the first octets where the name does not decide. kAnyOctets if nothing
// is known, and for messages and multiparts: RFC 2045 6.4 forbids the encoding that keeps their octets.
std::string media_type_of(const std::string& name, const Source& source);

}  // namespace mxpress::mta::compose
