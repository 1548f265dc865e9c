// Looks sentences up, and fills forms in.
#include "proto/phrases.h"

#include <algorithm>
#include <tuple>

#include "proto/encoded_text.h"

namespace mxpress::proto {
namespace {

constexpr std::string_view kSentenceEnd = ". ";

// The next "{name}" at or behind `from`: its position and its length with the braces; length 0: there is none.
std::pair<std::size_t, std::size_t> next_name(std::string_view form, std::size_t from) {
  const auto open = form.find('{', from);
  const auto close = open == form.npos ? form.npos : form.find('}', open);
  if (close == form.npos) return {form.size(), 0};
  return {open, close + 1 - open};
}

std::string_view inside(std::string_view braces) { return braces.substr(1, braces.size() - 2); }

std::string filled(std::string_view form, Phrases::Values values) {
  std::string text;
  for (std::size_t at = 0; at < form.size();) {
    const auto [begin, length] = next_name(form, at);
    text.append(form.substr(at, begin - at));
    if (length == 0) break;
    const std::string_view braces = form.substr(begin, length);
    const auto value = std::find_if(values.begin(), values.end(), [&](const auto& each) { return each.first == inside(braces); });
    text.append(value == values.end() ? braces : value->second);
    at = begin + length;
  }
  return text;
}

}  // namespace

std::vector<std::string_view> names_in(std::string_view form) {
  std::vector<std::string_view> names;
  for (auto [begin, length] = next_name(form, 0); length > 0; std::tie(begin, length) = next_name(form, begin + length)) {
    const std::string_view name = inside(form.substr(begin, length));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

void Phrases::set(std::string english, std::string text) {
  is_ascii_ = is_ascii_ && !has_eight_bit(text);
  const auto names = names_in(english);
  if (names.size() == 1) {
    std::erase_if(forms_, [&](const Form& each) { return each.before + "{" + each.name + "}" + each.after == english; });
    const auto [begin, length] = next_name(english, 0);
    forms_.push_back({english.substr(0, begin), std::string(names[0]), english.substr(begin + length), text});
  }
  texts_.insert_or_assign(std::move(english), std::move(text));
}

void Phrases::add(const Phrases& other) {
  for (const auto& [english, text] : other.texts_) set(english, text);
}

std::vector<std::string_view> Phrases::keys() const {
  std::vector<std::string_view> keys;
  for (const auto& [english, text] : texts_) keys.push_back(english);
  return keys;
}

std::string_view Phrases::form(std::string_view english) const {
  const auto found = texts_.find(english);
  return found == texts_.end() ? english : std::string_view(found->second);
}

std::string Phrases::say(std::string_view english, Values values) const { return filled(form(english), values); }

std::string Phrases::of_sentence(std::string_view sentence) const {
  if (const auto found = texts_.find(sentence); found != texts_.end()) return found->second;
  for (const Form& each : forms_) {
    if (sentence.size() <= each.before.size() + each.after.size()) continue;
    if (each.before.empty() || !sentence.starts_with(each.before) || !sentence.ends_with(each.after)) continue;
    const auto length = sentence.size() - each.before.size() - each.after.size();
    return filled(each.text, {{each.name, sentence.substr(each.before.size(), length)}});
  }
  return std::string(sentence);
}

std::string Phrases::translated(std::string_view english) const {
  if (texts_.empty()) return std::string(english);
  if (const auto found = texts_.find(english); found != texts_.end()) return found->second;
  std::string text;
  for (std::string_view rest = english; !rest.empty();) {
    const auto end = rest.find(kSentenceEnd);
    const std::string_view sentence = end == rest.npos ? rest : rest.substr(0, end + 1);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + kSentenceEnd.size());
    if (!text.empty()) text.push_back(' ');
    text += of_sentence(sentence);
  }
  return text;
}

}  // namespace mxpress::proto
