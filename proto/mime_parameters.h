// Parameters of Content-Type and Content-Disposition. RFC 2045 5.1, RFC 2231.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mxpress::proto {

// Removes one parameter value, quoted or not, from the front of an unfolded value.
std::string take_parameter_value(std::string_view& text);

// The parts between the semicolons; semicolons in quotes do not count.
std::vector<std::string_view> split_parameters(std::string_view value);

// The value of a field with parameters, in ASCII: parameters with 8-bit octets in their values become "name*=utf-8''%C3%BC" (RFC 2231 4),
// long ones in several pieces (RFC 2231 3); they are dropped if the field already has such a form of them. Linear time.
std::string encoded_parameters(std::string_view value);

}  // namespace mxpress::proto
