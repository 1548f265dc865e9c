// The form of a header that verifiers of signatures agree about.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "dns/async.h"
#include "proto/result.h"

namespace mxpress::mta::content {

// Whether plain_header() would change a header.
bool needs_plain_form(std::string_view header);

// The header with encoded-words for raw 8-bit text (mailauth breaks on the octet A0), but for fields with raw addresses, whose encoded form
// would be no address; without blanks between a name and its colon (RFC 5322 4.5; dkimpy and rspamd refuse them, in whichever field); and
// with a space for each form feed and vertical tab, which some take for white space. All else byte for byte, and 8-bit text in fields over
// 32 KiB. Lets the others on the thread go on after each 16 KiB, and asks then whether it `may_hold` so many octets. False: an Error.
Task<Result<std::string>> plain_header(std::string_view header, std::function<bool(std::size_t)> may_hold);

}  // namespace mxpress::mta::content
