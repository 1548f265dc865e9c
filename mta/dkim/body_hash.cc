// Computes the canonical form of a body, and its hash.
#include "mta/dkim/body_hash.h"

#include <algorithm>

#include "proto/ascii.h"

namespace mxpress::mta::dkim {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

enum class Octet : unsigned char { text, blank, cr, lf, odd_space };

constexpr std::array<Octet, 256> make_octets() {
  std::array<Octet, 256> octets{};
  octets[' '] = octets['\t'] = Octet::blank;
  octets['\r'] = Octet::cr;
  octets['\n'] = Octet::lf;
  octets['\f'] = octets['\v'] = Octet::odd_space;
  return octets;
}

constexpr std::array<Octet, 256> kOctets = make_octets();

constexpr Octet kind_of(char c) { return kOctets[static_cast<unsigned char>(c)]; }

std::size_t text_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && kind_of(text[length]) == Octet::text) ++length;
  return length;
}

}  // namespace

std::string_view name_of(BodyForm form) { return form == BodyForm::relaxed ? "relaxed" : "simple"; }

void BodyHash::feed(std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    const Octet kind = kind_of(c);
    if (after_cr_ && kind != Octet::cr && kind != Octet::lf && !at_line_start_) take_blank(' ');
    after_cr_ = kind == Octet::cr;
    std::size_t taken = 1;
    if (kind == Octet::text) {
      taken = text_length(text);
      take_text(text.substr(0, taken));
    } else if (kind == Octet::blank) {
      take_blank(c);
    } else if (kind == Octet::lf) {
      end_line();
    } else if (kind == Octet::odd_space) {
      has_odd_space_ = true;
      take_text(text.substr(0, 1));
    }
    text.remove_prefix(taken);
  }
}

BodyDigest BodyHash::finish() {
  if (!at_line_start_) end_line();
  // RFC 6376 3.4.3: a body without lines becomes CRLF; 3.4.4: it becomes empty.
  if (form_ == BodyForm::simple && is_empty_) write(kLineEnd);
  flush();
  const bool needs_simple = form_ == BodyForm::relaxed && (has_odd_space_ || (is_empty_ && has_any_blank_));
  return {hash_.finish(), form_, needs_simple};
}

void BodyHash::take_text(std::string_view text) {
  at_line_start_ = false;
  // RFC 6376 3.4.3, 3.4.4: empty lines at the end do not count.
  for (; empty_lines_ > 0; --empty_lines_) write(kLineEnd);
  if (has_blank_) write(" ");
  has_blank_ = false;
  has_written_ = true;
  write(text);
}

// RFC 6376 3.4.4: repeated blanks become one space; blanks at the end of a line are removed.
void BodyHash::take_blank(char blank) {
  has_any_blank_ = true;
  if (form_ == BodyForm::simple) return take_text({&blank, 1});
  at_line_start_ = false;
  has_blank_ = true;
}

void BodyHash::end_line() {
  if (has_written_) {
    write(kLineEnd);
  } else {
    ++empty_lines_;
  }
  at_line_start_ = true;
  has_written_ = has_blank_ = false;
}

void BodyHash::write(std::string_view text) {
  is_empty_ = false;
  if (text.size() > buffer_.size() - buffered_) flush();
  if (text.size() > buffer_.size()) return hash_.feed(text);
  std::copy(text.begin(), text.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(buffered_));
  buffered_ += text.size();
}

void BodyHash::flush() {
  hash_.feed({buffer_.data(), buffered_});
  buffered_ = 0;
}

}  // namespace mxpress::mta::dkim
