// SMTP dialogues as text: what the server says, what the client must say, and what must come of it. tests/dialogues/README.md has the form.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mxpress::testing {

// Plays the dialogue against a ClientSession, in memory and in virtual time. What did not go as written; empty if all did.
std::vector<std::string> play_dialogue(std::string_view text);

}  // namespace mxpress::testing
