// Form data in requests and addresses: application/x-www-form-urlencoded. RFC 6749 appendix B, WHATWG URL 5.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mxpress::proto {

using FormField = std::pair<std::string_view, std::string_view>;  // name and value

// "a=1&b=x%20y". Each octet except the unreserved ones of RFC 3986 2.3 becomes %XX.
std::string form_of(const std::vector<FormField>& fields);
// The value of the first field with this name; '+' becomes a blank. Nullopt if there is none, or its value has a malformed %XX.
std::optional<std::string> form_value(std::string_view form, std::string_view name);

}  // namespace mxpress::proto
