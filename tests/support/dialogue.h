// SMTP dialogues as text: the server's lines, the expected lines of the client, and the expected result. See tests/dialogues/README.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mxpress::testing {

// Plays the dialogue against a ClientSession, in memory and in virtual time. Returns the deviations; empty if there are none.
std::vector<std::string> play_dialogue(std::string_view text);

}  // namespace mxpress::testing
