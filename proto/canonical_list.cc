// Writes address lists in the form that mail hosts on the way would give them.
#include "proto/canonical_list.h"

#include <algorithm>

#include "proto/ascii.h"

namespace mxpress::proto {
namespace {

constexpr std::string_view kSpecials = "()<>[]:;@\\,.\"";  // RFC 5322 3.2.3

bool is_fold(char c) { return c == '\r' || c == '\n'; }

// True if a display name has characters that only quotes allow, and may be quoted as it is.
bool lacks_quotes(std::string_view name) {
  const auto is_plain = [](char c) { return c >= ' ' && c < 127 && c != '"' && c != '\\' && c != '(' && c != ')'; };
  return name.find_first_of(kSpecials) != std::string_view::npos && std::all_of(name.begin(), name.end(), is_plain) &&
         name.find("=?") == std::string_view::npos;
}

// One pass. Quoted strings, comments and text in brackets are copied.
class Writer {
 public:
  explicit Writer(std::string_view text) : text_(text) { out_.reserve(text.size() + 16); }

  std::string write() {
    while (at_ < text_.size()) take(text_[at_]);
    return std::move(out_);
  }

 private:
  void take(char c) {
    if (c == '"' || c == '[') return copy_until(c == '"' ? '"' : ']');
    if (c == '(') return copy_comment();
    if (c == '<') return copy_address();
    if (c == ',') return end_address();
    copy(c == '\\' ? 2 : 1);
    if (c == ':' || c == ';') name_begin_ = out_.size();
  }

  void copy(std::size_t octets) {
    out_.append(text_.substr(at_, octets));
    at_ = std::min(at_ + octets, text_.size());
  }

  void copy_until(char end) {
    copy(1);
    while (at_ < text_.size() && text_[at_] != end) copy(text_[at_] == '\\' ? 2 : 1);
    copy(1);
  }

  void copy_comment() {
    std::size_t depth = 0;
    do {
      depth += text_[at_] == '(';
      depth -= text_[at_] == ')';
      copy(text_[at_] == '\\' ? 2 : 1);
    } while (depth > 0 && at_ < text_.size());
  }

  void copy_address() {
    while (name_begin_ < out_.size() && is_space(out_[name_begin_])) ++name_begin_;
    const std::string name(trimmed(std::string_view(out_).substr(name_begin_)));
    if (lacks_quotes(name)) out_.replace(name_begin_, std::string::npos, '"' + name + "\" ");
    if (!name.empty() && !is_space(out_.back())) out_.push_back(' ');
    while (at_ < text_.size() && text_[at_] != '>') text_[at_] == '"' ? copy_until('"') : copy(1);
  }

  void end_address() {
    while (out_.size() > name_begin_ && is_blank(out_.back())) out_.pop_back();
    copy(1);
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    if (at_ < text_.size() && !is_fold(text_[at_]) && text_[at_] != ',') out_.push_back(' ');
    name_begin_ = out_.size();
  }

  static bool is_space(char c) { return is_blank(c) || is_fold(c); }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
  std::size_t name_begin_ = 0;  // in out_: start of the current element
};

// For an element without quotes, comments and groups. `is_first`, `is_last`: its place in the list.
bool is_canonical_element(std::string_view element, bool is_first, bool is_last) {
  if (!is_last && !element.empty() && is_blank(element.back())) return false;
  const bool is_spaced = element.size() > 1 && (is_fold(element[0]) || (element[0] == ' ' && !is_blank(element[1])));
  if (!is_first && !is_spaced && !(is_last && element.empty())) return false;
  const auto bracket = element.find('<');
  if (bracket == std::string_view::npos) return true;
  const std::string_view name = trimmed(element.substr(0, bracket));
  return name.empty() || (!lacks_quotes(name) && name.data() + name.size() < element.data() + bracket);
}

}  // namespace

bool is_surely_canonical_list(std::string_view value) {
  if (value.find_first_of("\"(:;\\[") != std::string_view::npos) return false;
  for (bool is_first = true;; is_first = false) {
    const auto comma = value.find(',');
    if (!is_canonical_element(value.substr(0, comma), is_first, comma == std::string_view::npos)) return false;
    if (comma == std::string_view::npos) return true;
    value.remove_prefix(comma + 1);
  }
}

std::string canonical_list(std::string_view value) { return Writer(value).write(); }

}  // namespace mxpress::proto
