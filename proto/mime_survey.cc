// First pass of a conversion: finds the necessary changes.
#include <optional>

#include "proto/ascii.h"
#include "proto/encoding.h"
#include "proto/header_folding.h"
#include "proto/mail_data.h"
#include "proto/mime.h"
#include "proto/mime_entity.h"

namespace mxpress::proto {
namespace {

Error impossible(std::string why) { return Error::permanent("the message cannot be converted for transport: " + std::move(why)); }

using Kind = MimeChange::Kind;

enum class CharacterSet { declared, us_ascii, utf8, unknown };

Kind quoted_printable_with(CharacterSet set) {
  switch (set) {
    case CharacterSet::declared:
      return Kind::quoted_printable;
    case CharacterSet::us_ascii:
      return Kind::quoted_printable_us_ascii;
    case CharacterSet::utf8:
      return Kind::quoted_printable_utf8;
    case CharacterSet::unknown:
      return Kind::quoted_printable_unknown;
  }
  return Kind::quoted_printable;
}

Kind base64_with(CharacterSet set) {
  switch (set) {
    case CharacterSet::declared:
      return Kind::base64;
    case CharacterSet::us_ascii:
      return Kind::base64_us_ascii;
    case CharacterSet::utf8:
      return Kind::base64_utf8;
    case CharacterSet::unknown:
      return Kind::base64_unknown;
  }
  return Kind::base64;
}

// Checks whether a body can have the transfer encoding that it declares.
class DeclaredEncoding {
 public:
  void feed(std::string_view encoding, std::string_view text) {
    if (encoding == "base64") feed_base64(text);
    if (encoding != "quoted-printable") return;
    decoder_.feed(text, decoded_);
    decoded_.clear();
  }

  // True if the first line is base64: text of a mailing list may follow, which readers ignore.
  bool is_base64() const { return !has_other_; }
  bool is_quoted_printable() const { return decoder_.is_plausible(); }

 private:
  void feed_base64(std::string_view text) {
    for (const char c : text) {
      if (line_has_ended_ || has_other_) return;
      line_has_ended_ = c == '\n' && has_digits_;
      const bool is_digit_of_base64 = is_alpha(c) || is_digit(c) || c == '+' || c == '/' || c == '=';
      has_digits_ = has_digits_ || is_digit_of_base64;
      has_other_ = !is_digit_of_base64 && c != '\r' && c != '\n';
    }
  }

  QuotedPrintableDecoder decoder_;
  std::string decoded_;
  bool has_digits_ = false;
  bool line_has_ended_ = false;
  bool has_other_ = false;
};

}  // namespace

class MimeSurvey::Impl final : public EntitySink {
 public:
  explicit Impl(MimeGoal goal) : goal_(goal) {}

  void feed(std::string_view content) {
    if (!error_) reader_.feed(content);
  }

  Result<MimePlan> finish() {
    if (!error_) reader_.finish();
    if (error_) return *error_;
    return std::move(plan_);
  }

  bool failed() const { return error_.has_value(); }
  bool breaks_header() const { return breaks_header_; }

  std::size_t held() const { return reader_.held() + plan_.capacity() * sizeof(MimeChange) + open_.capacity() * sizeof(State); }

  void begin(const Entity& entity, std::string_view header, std::string_view) override {
    if (needs_change(inspect(header))) {
      if (!open_.empty()) open_.back().body_changes = true;
      breaks_header_ = breaks_header_ || (goal_ == MimeGoal::short_lines && folded_header(header).is_broken);
    }
    open_.push_back({plan_.size()});
    plan_.push_back({entity.number, Kind::none});
    if (plan_.size() > kMaxChangedParts) fail("it has too many parts that would have to change");
    text_ = {};
    utf8_ = {};
    encoded_ = {};
  }

  void body(const Entity& entity, std::string_view text) override {
    text_.feed(text);
    if (!entity.facts.has_type) utf8_.feed(text);
    if (entity.kind == EntityKind::leaf) encoded_.feed(entity.facts.encoding, text);
    if (entity.kind == EntityKind::closed && needs_change(text_.facts())) fail(entity.why_closed);
  }

  void around(const Entity&, std::string_view text) override {
    text_.feed(text);
    if (needs_change(text_.facts())) open_.back().body_changes = true;
  }

  void delimiter(const Entity&, std::string_view text) override {
    text_ = {};
    text_.feed(text);
    if (needs_change(text_.facts())) fail("the boundary of a multipart does not fit");
    text_ = {};
  }

  void end(const Entity& entity) override {
    const State state = open_.back();
    open_.pop_back();
    const bool changes = state.body_changes || (entity.kind == EntityKind::leaf && needs_change(text_.facts()));
    if (!changes) {
      if (state.slot + 1 == plan_.size()) plan_.pop_back();
    } else {
      if (!open_.empty()) open_.back().body_changes = true;
      plan_[state.slot].kind = entity.kind == EntityKind::leaf ? leaf_change(entity) : composite_change(entity);
    }
    text_ = {};
  }

 private:
  struct State {
    std::size_t slot;           // in plan_
    bool body_changes = false;  // of a multipart or message: something inside changes
  };

  bool needs_change(const ContentFacts& facts) const { return goal_ == MimeGoal::short_lines ? facts.needs_reencoding() : facts.eight_bit; }

  void fail(const char* why) {
    if (!error_) error_ = impossible(why);
  }

  Kind leaf_change(const Entity& entity) {
    const std::string& encoding = entity.facts.encoding;
    if (encoding == "binary") return base64_with(set_of(entity));
    if (encoding == "base64" && goal_ == MimeGoal::short_lines && encoded_.is_base64()) return Kind::rewrapped_base64;
    if (encoding == "quoted-printable" && encoded_.is_quoted_printable()) return Kind::rewrapped_quoted_printable;
    return quoted_printable_with(set_of(entity));  // 7bit, 8bit, and unknown or wrong encodings
  }

  CharacterSet set_of(const Entity& entity) const {
    if (entity.facts.has_type) return CharacterSet::declared;
    if (!text_.facts().eight_bit) return CharacterSet::us_ascii;
    return utf8_.ok() ? CharacterSet::utf8 : CharacterSet::unknown;
  }

  // RFC 2045 6.4: a multipart or message says 8bit only if something in it is.
  Kind composite_change(const Entity& entity) {
    if (entity.kind == EntityKind::multipart && !entity.has_parts) fail("a multipart has no parts");
    const bool says_too_much = entity.facts.encoding == "8bit" || entity.facts.encoding == "binary";
    return goal_ == MimeGoal::seven_bit && says_too_much ? Kind::composite_seven_bit : Kind::none;
  }

  const MimeGoal goal_;
  MimePlan plan_;
  std::vector<State> open_;
  ContentInspector text_;  // of the current body, preamble or epilogue
  Utf8Check utf8_;         // of a body without Content-Type
  DeclaredEncoding encoded_;
  bool breaks_header_ = false;
  std::optional<Error> error_;
  EntityReader reader_{*this};
};

MimeSurvey::MimeSurvey(MimeGoal goal) : impl_(std::make_unique<Impl>(goal)) {}
MimeSurvey::~MimeSurvey() = default;
void MimeSurvey::feed(std::string_view content) { impl_->feed(content); }
Result<MimePlan> MimeSurvey::finish() { return impl_->finish(); }
bool MimeSurvey::failed() const { return impl_->failed(); }
bool MimeSurvey::breaks_header() const { return impl_->breaks_header(); }
std::size_t MimeSurvey::held() const { return impl_->held(); }

}  // namespace mxpress::proto
