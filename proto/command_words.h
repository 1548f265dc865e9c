// Splits the command of an alias into words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/result.h"

namespace mxpress::proto {

// Words are separated by blanks. Single and double quotes keep blanks; a backslash takes the next letter literally (not within single
// quotes). No shell reads them, so letters with a meaning to a shell ($ ` | & ; < > ( ) * ? and others) are an Error outside of quotes, and
// $ and ` also within double quotes. The first word is the full path of a program. The Error says what to write.
Result<std::vector<std::string>> command_words(std::string_view command);

}  // namespace mxpress::proto
