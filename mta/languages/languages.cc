// Chooses the catalogue for a message.
#include "mta/languages/languages.h"

#include <algorithm>
#include <array>

#include "proto/ascii.h"

namespace mxpress::mta::languages {
namespace {

constexpr std::size_t kMostTags = 10;
constexpr std::size_t kMostOctets = 35;  // of a tag: RFC 5646 4.4.1

// Tags that leave the script out.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kScripts = {
    {{"zh", "zh-hans"}, {"zh-cn", "zh-hans"}, {"zh-sg", "zh-hans"}, {"zh-tw", "zh-hant"}, {"zh-hk", "zh-hant"}, {"zh-mo", "zh-hant"}}};

std::string with_script(std::string tag) {
  const auto found = std::find_if(kScripts.begin(), kScripts.end(), [&](const auto& each) { return each.first == tag; });
  return found == kScripts.end() ? tag : std::string(found->second);
}

bool is_part(std::string_view part, std::size_t least, bool digits) {
  return part.size() >= least && part.size() <= 8 &&
         std::all_of(part.begin(), part.end(), [digits](char c) { return proto::is_alpha(c) || (digits && proto::is_digit(c)); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool is_language_tag(std::string_view text) {
  if (text.size() > kMostOctets) return false;
  bool is_first = true;
  while (true) {
    const auto hyphen = text.find('-');
    if (!is_part(text.substr(0, hyphen), is_first ? 2 : 1, !is_first)) return false;
    if (hyphen == text.npos) return true;
    text.remove_prefix(hyphen + 1);
    is_first = false;
  }
}

const proto::Phrases* Languages::find(std::string_view tag) const {
  if (!is_language_tag(tag)) return nullptr;
  for (std::string rest = with_script(proto::lower_case(tag));;) {
    const auto found = catalogues_.find(rest);
    if (found != catalogues_.end()) return &found->second;
    const auto hyphen = rest.rfind('-');
    if (hyphen == rest.npos) return rest == "en" ? &english_ : nullptr;
    rest.resize(hyphen);
  }
}

const proto::Phrases* Languages::first_of(std::string_view content_language) const {
  for (std::size_t i = 0; i < kMostTags && !content_language.empty(); ++i) {
    const auto comma = content_language.find(',');
    if (const proto::Phrases* const found = find(trimmed(content_language.substr(0, comma)))) return found;
    content_language.remove_prefix(comma == content_language.npos ? content_language.size() : comma + 1);
  }
  return nullptr;
}

}  // namespace mxpress::mta::languages
