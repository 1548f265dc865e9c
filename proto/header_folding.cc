// Folds header lines.
#include "proto/header_folding.h"

#include <algorithm>
#include <optional>

#include "proto/ascii.h"
#include "proto/encoded_word.h"
#include "proto/encoding.h"
#include "proto/mail_data.h"

namespace mxpress::proto {
namespace {

constexpr std::string_view kFold = "\r\n ";

// Folds one line. Its remaining part is `lead_` (a blank that was added) and `rest_`.
class LineFolder {
 public:
  LineFolder(std::string_view line, FoldedHeader& out) : rest_(line), out_(out) {
    end_ = line.find_last_not_of(" \t\r\n") + 1;
    const auto colon = line.find(':');
    if (!line.empty() && !is_blank(line.front()) && colon != std::string_view::npos) first_ = colon + 1;
  }

  void run() {
    while (lead_.size() + rest_.size() > kMaxLineLength) {
      if (end_ <= limit()) {
        rest_ = rest_.substr(0, std::max<std::size_t>(end_, 1));  // only blanks are left over; an empty line would end the header
      } else if (const std::size_t place = fold_place(); place > 0) {
        fold_at(place);
      } else if (!drop_blanks() && !split_encoded_word()) {
        break_line();
      }
    }
    out_.text.append(lead_).append(rest_);
  }

 private:
  std::size_t limit() const { return kMaxLineLength - lead_.size(); }

  // The last place that leaves a line of at most 998 octets, where a blank has text on both sides; 0 if there is
  // none.
  std::size_t fold_place() {
    const std::size_t last = std::min(limit(), end_ - 1);
    for (std::size_t at = last; at > first_ && rest_.data() + at >= searched_; --at) {
      if (is_blank(rest_[at]) && !is_blank(rest_[at - 1])) return at;
    }
    searched_ = rest_.data() + last + 1;
    return first_ > 0 && is_blank(rest_[first_]) && first_word_fits() ? first_ : 0;
  }

  // True if the first word fits into a line of its own.
  bool first_word_fits() const {
    const auto begin = rest_.find_first_not_of(" \t", first_);
    return std::min(rest_.find_first_of(" \t", begin), end_) - begin < kMaxLineLength;
  }

  // Folds before the blank at this place.
  void fold_at(std::size_t place) {
    out_.text.append(lead_).append(rest_.substr(0, place)).append("\r\n");
    lead_ = {};
    drop(place);
  }

  // Keeps one of several blanks at the start of the line.
  bool drop_blanks() {
    const std::size_t blanks = std::min(rest_.find_first_not_of(" \t"), rest_.size());
    if (blanks + lead_.size() < 2) return false;
    if (!lead_.empty()) {
      drop(blanks);
    } else {
      drop(blanks - 1);
    }
    return true;
  }

  // RFC 2047 6.2: readers do not show white space between encoded-words.
  bool split_encoded_word() {
    const std::size_t begin = rest_.find_first_not_of(" \t", first_);
    const auto word = leading_encoded_word(rest_.substr(begin, end_ - begin));
    if (!word) return false;
    const bool is_base64 = word->encoding == 'b';
    const auto text = is_base64 ? decoded_base64(word->text) : std::optional(decoded_q(word->text));
    if (!text || text->empty()) return false;
    out_.text.append(lead_).append(rest_.substr(0, begin)).append(encoded_words(*text, word->charset));
    drop(begin + word->size);
    if (end_ > 0) out_.text.append("\r\n");
    lead_ = end_ > 0 && !is_blank(rest_.front()) ? std::string_view(" ") : std::string_view();
    return true;
  }

  // Does not break inside a character of UTF-8.
  void break_line() {
    std::size_t place = limit();
    for (int i = 0; i < 3 && place > first_ + 1 && (static_cast<unsigned char>(rest_[place]) & 0xC0) == 0x80; ++i) --place;
    out_.text.append(lead_).append(rest_.substr(0, place)).append("\r\n");
    lead_ = kFold.substr(2);
    drop(place);
    out_.is_broken = true;
  }

  void drop(std::size_t size) {
    rest_.remove_prefix(size);
    end_ -= std::min(end_, size);
    first_ = 0;
  }

  std::string_view lead_;
  std::string_view rest_;
  std::size_t end_ = 0;             // behind the last octet of rest_ that is not blank
  const char* searched_ = nullptr;  // no fold is possible before here
  std::size_t first_ = 0;           // behind the colon of the field's name, which is not folded
  FoldedHeader& out_;
};

}  // namespace

FoldedHeader folded_header(std::string_view header) {
  FoldedHeader folded;
  folded.text.reserve(header.size() + header.size() / 128);
  while (!header.empty()) {
    const auto end = header.find("\r\n");
    LineFolder(header.substr(0, end), folded).run();
    if (end == std::string_view::npos) break;
    folded.text.append("\r\n");
    header.remove_prefix(end + 2);
  }
  return folded;
}

}  // namespace mxpress::proto
