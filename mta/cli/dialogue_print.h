// Prints lines of dialogues.
#pragma once

#include <iosfwd>
#include <string_view>

#include "proto/dialogue.h"

namespace mxpress::mta::cli {

// "   1.250 s": ten columns.
std::string time_text(Duration time);
// "host"
std::string_view speaker_name(proto::Speaker speaker);
// "   1.250 s  <<  250 ok". `text` is printed as it is.
void print_dialogue_line(std::ostream& out, proto::Speaker from, Duration at, std::string_view text);

}  // namespace mxpress::mta::cli
