// Cleans names of files.
#include "mta/compose/file_name.h"

#include <algorithm>

#include "proto/ascii.h"
#include "proto/encoding.h"

namespace mxpress::mta::compose {
namespace {

constexpr std::size_t kLongest = 255;
constexpr std::string_view kWithoutName = "attachment";

// Joiners stay: emoji and several scripts need them.
constexpr std::string_view kRemoved[] = {
    "\u061C", "\u200E", "\u200F",                      // direction marks
    "\u202A", "\u202B", "\u202C", "\u202D", "\u202E",  // embeddings and overrides
    "\u2066", "\u2067", "\u2068", "\u2069",            // isolates
    "\u2028", "\u2029", "\uFEFF",                      // line separators, byte order mark
};

bool is_c1_control(std::string_view character) {
  return character.size() == 2 && character[0] == '\xC2' && static_cast<unsigned char>(character[1]) < 0xA0;
}

// What becomes of the character; `length` is 0 for an octet that is no UTF-8.
std::string_view cleaned(std::string_view character, std::size_t length) {
  const bool is_bad = length == 0 || proto::is_control(character[0]) || character[0] == '\\' || is_c1_control(character);
  if (is_bad) return "_";
  return std::find(std::begin(kRemoved), std::end(kRemoved), character) == std::end(kRemoved) ? character : std::string_view();
}

}  // namespace

std::string name_for_reader(std::string_view path) {
  std::string_view rest = path.substr(path.rfind('/') + 1);
  std::string name;
  while (!rest.empty()) {
    const std::size_t length = proto::utf8_length(rest), taken = std::max<std::size_t>(length, 1);
    const std::string_view character = cleaned(rest.substr(0, taken), length);
    if (name.size() + character.size() > kLongest) break;
    name += character;
    rest.remove_prefix(taken);
  }
  const std::string_view trimmed = proto::trimmed(name);
  return std::string(trimmed.empty() || trimmed == "." || trimmed == ".." ? kWithoutName : trimmed);
}

bool is_plain_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return proto::is_alpha(c) || proto::is_digit(c) || c == '.' || c == '-' || c == '_'; });
}

}  // namespace mxpress::mta::compose
