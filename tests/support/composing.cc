// Files and letters for the tests of composing.
#include "tests/support/composing.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "mta/compose/message.h"

namespace mxpress::testing {

std::string Desk::file(const std::string& name, std::string_view octets) const {
  const std::string at = path(name);
  std::ofstream(at, std::ios::binary) << octets;
  return at;
}

mta::compose::Source Desk::source(const std::string& name, std::string_view octets) const {
  auto opened = mta::compose::Source::open(file(name, octets));
  REQUIRE(opened);
  return std::move(*opened);
}

mta::compose::Letter short_letter() {
  mta::compose::Letter letter;
  letter.from = {{"", "me@here.example"}};
  letter.to = {{"", "you@there.example"}};
  letter.date = WallTime(std::chrono::seconds(1'700'000'000));
  letter.zone_minutes = 120;
  letter.message_id = "1@here.example";
  return letter;
}

std::string written(mta::compose::Letter letter) {
  auto message = mta::compose::Message::make(std::move(letter));
  if (!message) FAIL(message.error().message);
  std::string octets;
  const Status status = message->write([&octets](std::string_view piece) { return octets += piece, true; });
  if (!status) FAIL(status.error().message);
  return octets;
}

std::vector<std::string> lines_with(const std::string& message, std::string_view beginning) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < message.size();) {
    const auto end = std::min(message.find("\r\n", at), message.size());
    if (std::string_view(message).substr(at).starts_with(beginning)) lines.push_back(message.substr(at, end - at));
    at = end + 2;
  }
  return lines;
}

}  // namespace mxpress::testing
