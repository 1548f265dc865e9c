// Paragraphs in lines.
#pragma once

#include <string>
#include <string_view>

namespace mxpress::proto {

// One paragraph in lines of about 76 octets (never over 998) with CRLF, each after the first behind `indent`; runs of spaces become one.
// With the indent " " this is the folding of RFC 5322 2.2.3. A paragraph with characters outside ASCII stays one line: readers break it.
std::string wrapped(std::string_view paragraph, std::string_view indent);

}  // namespace mxpress::proto
