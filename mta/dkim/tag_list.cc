// Splits lists of tags.
#include "mta/dkim/tag_list.h"

#include <algorithm>

#include "proto/ascii.h"

namespace mxpress::mta::dkim {

std::optional<Tags> tags_of(std::string_view text) {
  Tags tags;
  while (!text.empty()) {
    const auto end = text.find(';');
    const std::string_view tag = proto::trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (tag.empty()) continue;
    const auto equals = tag.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    tags.emplace(proto::trimmed(tag.substr(0, equals)), proto::trimmed(tag.substr(equals + 1)));
  }
  return tags;
}

std::string without_blanks(std::string text) {
  std::erase_if(text, [](char c) { return proto::is_blank(c) || c == '\r' || c == '\n'; });
  return text;
}

bool lists(std::string_view list, std::initializer_list<std::string_view> wanted) {
  while (!list.empty()) {
    const auto end = list.find(':');
    if (std::find(wanted.begin(), wanted.end(), proto::trimmed(list.substr(0, end))) != wanted.end()) return true;
    list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
  }
  return false;
}

std::string_view value_or(const Tags& tags, std::string_view name, std::string_view otherwise) {
  const auto found = tags.find(name);
  return found == tags.end() ? otherwise : std::string_view(found->second);
}

}  // namespace mxpress::mta::dkim
