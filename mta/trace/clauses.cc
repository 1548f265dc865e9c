// Splits Received fields: see clauses.h.
#include "mta/trace/clauses.h"

#include <algorithm>
#include <iterator>

#include "proto/ascii.h"

namespace mxpress::mta::trace {
namespace {

constexpr std::size_t kMostOctets = 10000;
constexpr std::string_view kSpace = " \t\r\n";

// The comment at the start of `text`, with its parentheses; nested ones belong to it. One without an end goes up to the end of the text.
std::string_view comment_at(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
      continue;
    }
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return text.substr(0, i + 1);
  }
  return text;
}

std::string_view inside(std::string_view comment) {
  comment.remove_prefix(1);
  if (comment.ends_with(')')) comment.remove_suffix(1);
  return comment;
}

bool is_keyword(std::string_view word) {
  static constexpr std::string_view kKeywords[] = {"from", "by", "via", "with", "id", "for"};
  return std::any_of(std::begin(kKeywords), std::end(kKeywords), [&](std::string_view one) { return proto::equal_in_any_case(one, word); });
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : rest_(text.substr(0, kMostOctets)) {}

  Clauses split() {
    clause_ = &result_.clauses[""];
    while (true) {
      rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size()));
      if (rest_.empty()) break;
      if (rest_.front() == ';') {
        rest_.remove_prefix(1);
        take_date();
      } else if (rest_.front() == '(') {
        const std::string_view comment = comment_at(rest_);
        clause_->comments.emplace_back(inside(comment));
        rest_.remove_prefix(comment.size());
      } else {
        take_word(rest_.substr(0, rest_.find_first_of(" \t\r\n();")));
      }
    }
    return std::move(result_);
  }

 private:
  // A name may be a keyword: what follows "from", "by" or "for" is their value.
  void take_word(std::string_view word) {
    word = word.empty() ? rest_.substr(0, 1) : word;
    rest_.remove_prefix(word.size());
    const bool needs_value = clause_->words.empty() && (keyword_ == "from" || keyword_ == "by" || keyword_ == "for");
    if (needs_value || !is_keyword(word)) {
      clause_->words.emplace_back(word);
      return;
    }
    keyword_ = proto::lower_case(word);
    const bool is_repeated = result_.has(keyword_);
    clause_ = is_repeated ? &ignored_ : &result_.clauses[keyword_];
  }

  // The date is behind the last semicolon, since a client's name may have one. It ends the field, but for the id that Courier writes there.
  void take_date() {
    if (rest_.find(';') != rest_.npos) return;
    const auto begin = rest_.find_first_not_of(kSpace);
    if (begin == rest_.npos) return;
    std::string_view text = rest_.substr(begin);
    for (auto at = text.find("id "); at != text.npos; at = text.find("id ", at + 1)) {
      if (at == 0 || kSpace.find(text[at - 1]) == kSpace.npos || result_.has("id")) continue;
      const std::string_view id = proto::trimmed(text.substr(at + 3));
      result_.clauses["id"].words.emplace_back(id.substr(0, id.find_first_of(kSpace)));
      text = text.substr(0, at);
      break;
    }
    result_.date = std::string(proto::trimmed(text));
    rest_ = {};
  }

  std::string_view rest_;
  Clauses result_;
  Clause* clause_ = nullptr;
  Clause ignored_;
  std::string keyword_;
};

}  // namespace

const Clause& Clauses::operator[](std::string_view keyword) const {
  static const Clause kNone;
  const auto found = clauses.find(keyword);
  return found == clauses.end() ? kNone : found->second;
}

Clauses split_clauses(std::string_view value) { return Splitter(value).split(); }

}  // namespace mxpress::mta::trace
