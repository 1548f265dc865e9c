// Splits commands into words.
#include "proto/command_words.h"

#include <optional>
#include <utility>

namespace mxpress::proto {
namespace {

constexpr std::string_view kOfShells = "$`|&;<>()*?[]{}~#!\n";
constexpr std::string_view kOfShellsQuoted = "$`";

Error needs_shell(char c) {
  return Error::permanent(std::string("no shell reads the command, so that '") + c + "' means nothing: quote it, or call a script");
}

class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  Result<std::vector<std::string>> split() {
    for (; !rest_.empty(); rest_.remove_prefix(1))
      if (Status status = take(rest_.front()); !status) return status.error();
    if (quote_ != 0) return Error::permanent("the command has a quote that is not closed");
    end_word();
    return std::move(words_);
  }

 private:
  Status take(char c) {
    if (c == '\\' && quote_ != '\'') return take_escaped();
    if (c == quote_) return quote_ = 0, Status();
    if (quote_ == 0 && (c == '"' || c == '\'')) return begin_quote(c);
    if (quote_ == 0 && (c == ' ' || c == '\t')) return end_word(), Status();
    const std::string_view forbidden = quote_ == 0 ? kOfShells : quote_ == '"' ? kOfShellsQuoted : std::string_view();
    if (forbidden.find(c) != forbidden.npos) return needs_shell(c);
    return add(c), Status();
  }
  Status take_escaped() {
    rest_.remove_prefix(1);
    if (rest_.empty()) return Error::permanent("the command ends with a backslash");
    return add(rest_.front()), Status();
  }
  Status begin_quote(char c) {
    quote_ = c;
    if (!word_) word_.emplace();
    return {};
  }
  void add(char c) {
    if (!word_) word_.emplace();
    word_->push_back(c);
  }
  void end_word() {
    if (word_) words_.push_back(std::move(*word_));
    word_.reset();
  }

  std::string_view rest_;
  char quote_ = 0;  // the open quote; 0: none
  std::optional<std::string> word_;
  std::vector<std::string> words_;
};

}  // namespace

Result<std::vector<std::string>> command_words(std::string_view command) {
  auto words = Words(command).split();
  if (!words) return words;
  if (words->empty()) return Error::permanent("the command is empty");
  if (!words->front().starts_with('/')) return Error::permanent("the command must begin with the full path of a program");
  return words;
}

}  // namespace mxpress::proto
