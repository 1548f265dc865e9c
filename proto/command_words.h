// The words of a command that an alias names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/result.h"

namespace mxpress::proto {

// Words between blanks; single and double quotes keep blanks, a backslash takes the next letter as it is (not within single quotes). No
// shell reads them: letters that mean something to one alone ($ ` | & ; < > ( ) * ? and their kind) are an Error outside of quotes, and $
// and ` within double quotes. The first word is the full path of a program. The Error says what to write.
Result<std::vector<std::string>> command_words(std::string_view command);

}  // namespace mxpress::proto
