// Lists of tags, such as "v=DKIM1; p=...", in every form that RFC 6376 3.2 allows.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace mxpress::mta::dkim {

using Tags = std::map<std::string, std::string, std::less<>>;  // the first of each name; values without white space around them

// Nullopt: a part of the list has no '='.
std::optional<Tags> tags_of(std::string_view text);
std::string_view value_or(const Tags& tags, std::string_view name, std::string_view otherwise);
// Also without line ends.
std::string without_blanks(std::string text);
// True if "a:b:c" has one of these.
bool lists(std::string_view list, std::initializer_list<std::string_view> wanted);

}  // namespace mxpress::mta::dkim
