// Marks who says a line.
#include "mta/cli/dialogue_print.h"

#include <array>
#include <cstdio>
#include <ostream>
#include <string>

namespace mxpress::mta::cli {

std::string time_text(Duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%8.3f s", static_cast<double>(time.count()) / 1000);
  return text;
}

std::string_view speaker_name(proto::Speaker speaker) {
  constexpr std::array<std::string_view, 4> kWords = {"client", "host", "tls", "note"};
  return kWords[static_cast<std::size_t>(speaker)];
}

void print_dialogue_line(std::ostream& out, proto::Speaker from, Duration at, std::string_view text) {
  constexpr std::array<std::string_view, 4> kMarks = {">> ", "<< ", "TLS", "-- "};
  out << time_text(at) << "  " << kMarks[static_cast<std::size_t>(from)] << " " << text << "\n";
}

}  // namespace mxpress::mta::cli
