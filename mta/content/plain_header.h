// The form of a header that all verifiers of signatures read alike.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "dns/async.h"
#include "proto/result.h"

namespace mxpress::mta::content {

// True if plain_header() would change the header.
bool needs_plain_form(std::string_view header);

// The header with encoded-words for raw 8-bit text (mailauth breaks on the octet A0), except in fields with raw addresses, whose encoded
// form would be no address; without blanks between a name and its colon (RFC 5322 4.5; dkimpy and rspamd refuse them); and with a space for
// each form feed and vertical tab, which some take for white space. All else stays byte for byte, as does 8-bit text in fields over 32 KiB.
// Lets others on the thread run after each 16 KiB, and then asks if it `may_hold` this many octets. False: an Error.
Task<Result<std::string>> plain_header(std::string_view header, std::function<bool(std::size_t)> may_hold);

}  // namespace mxpress::mta::content
