// Looks through a text.
#include "mta/compose/text_survey.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "proto/encoding.h"
#include "proto/mail_data.h"

namespace mxpress::mta::compose {
namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kLongestSequence = 4;  // of UTF-8

class Surveyor {
 public:
  void feed(std::string_view piece);
  TextFacts finish();

 private:
  void take(char octet);
  void check_utf8(bool is_end);

  TextFacts facts_;
  std::uint64_t line_ = 0;
  bool after_cr_ = false;
  std::string unchecked_;  // may end inside a sequence
};

void Surveyor::take(char octet) {
  if (after_cr_ && octet != '\n') facts_.has_lone_cr = true;
  after_cr_ = octet == '\r';
  facts_.has_cr = facts_.has_cr || after_cr_;
  if (octet == '\n') {
    ++facts_.lines;
    line_ = 0;
    return;
  }
  if (static_cast<unsigned char>(octet) > 127) ++facts_.eight_bit;
  if (octet == '\0') facts_.has_nul = true;
  if (octet != '\r') facts_.longest_line = std::max(facts_.longest_line, ++line_);
}

// Leaves a sequence that may go on in the next piece.
void Surveyor::check_utf8(bool is_end) {
  std::string_view rest = unchecked_;
  while (facts_.is_utf8 && rest.size() >= (is_end ? 1 : kLongestSequence)) {
    const std::size_t length = proto::utf8_length(rest);
    facts_.is_utf8 = length > 0;
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  unchecked_.erase(0, unchecked_.size() - rest.size());
  if (!facts_.is_utf8) unchecked_.clear();
}

void Surveyor::feed(std::string_view piece) {
  facts_.octets += piece.size();
  for (const char octet : piece) take(octet);
  if (facts_.is_utf8) unchecked_ += piece;
  check_utf8(false);
}

TextFacts Surveyor::finish() {
  check_utf8(true);
  facts_.has_lone_cr = facts_.has_lone_cr || after_cr_;
  return facts_;
}

}  // namespace

// Quoted-printable triples an octet, base64 adds a third to all of them: at a sixth both have the same size.
TextFacts::Encoding TextFacts::encoding() const {
  const bool is_plain = eight_bit == 0 && longest_line <= proto::kMaxLineLength && !has_lone_cr && !has_nul;
  if (is_plain) return Encoding::seven_bit;
  return eight_bit * 6 <= octets ? Encoding::quoted_printable : Encoding::base64;
}

Result<TextFacts> survey(const Source& source) {
  Surveyor surveyor;
  for (std::uint64_t offset = 0; offset < source.size();) {
    const auto piece = source.read_at(offset, std::min<std::uint64_t>(kPiece, source.size() - offset));
    if (!piece) return piece.error();
    if (piece->empty()) break;
    surveyor.feed(*piece);
    offset += piece->size();
  }
  return surveyor.finish();
}

}  // namespace mxpress::mta::compose
