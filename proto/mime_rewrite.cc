// Second pass of a conversion: writes the message according to the plan.
#include "proto/ascii.h"
#include "proto/encoding.h"
#include "proto/header_folding.h"
#include "proto/mail_data.h"
#include "proto/mime.h"
#include "proto/mime_entity.h"
#include "proto/seven_bit_header.h"

namespace mxpress::proto {
namespace {

using Kind = MimeChange::Kind;

// The lines to add to an entity without Content-Type.
std::string_view added_type(Kind kind) {
  switch (kind) {
    case Kind::quoted_printable_us_ascii:
    case Kind::base64_us_ascii:
      return "Content-Type: text/plain; charset=us-ascii\r\n";
    case Kind::quoted_printable_utf8:
    case Kind::base64_utf8:
      return "Content-Type: text/plain; charset=utf-8\r\n";
    case Kind::quoted_printable_unknown:
    case Kind::base64_unknown:
      return "Content-Type: text/plain; charset=unknown-8bit\r\n";
    default:
      return {};
  }
}

// The new Content-Transfer-Encoding of an entity; empty if it does not change.
std::string_view new_encoding(Kind kind) {
  switch (kind) {
    case Kind::quoted_printable:
    case Kind::quoted_printable_us_ascii:
    case Kind::quoted_printable_utf8:
    case Kind::quoted_printable_unknown:
      return "quoted-printable";
    case Kind::base64:
    case Kind::base64_us_ascii:
    case Kind::base64_utf8:
    case Kind::base64_unknown:
      return "base64";
    case Kind::composite_seven_bit:
      return "7bit";
    case Kind::none:
    case Kind::rewrapped_base64:
    case Kind::rewrapped_quoted_printable:
      return {};
  }
  return {};
}

enum class Encoder { none, quoted_printable, base64, rewrapped_base64, rewrapped_quoted_printable };

Encoder encoder_of(Kind kind) {
  if (kind == Kind::rewrapped_base64) return Encoder::rewrapped_base64;
  if (kind == Kind::rewrapped_quoted_printable) return Encoder::rewrapped_quoted_printable;
  const std::string_view encoding = new_encoding(kind);
  if (encoding == "quoted-printable") return Encoder::quoted_printable;
  return encoding == "base64" ? Encoder::base64 : Encoder::none;
}

}  // namespace

class MimeRewriter::Impl final : public EntitySink {
 public:
  Impl(const MimePlan& plan, MimeGoal goal) : plan_(plan), goal_(goal) {}

  void feed(std::string_view content, std::string& out) {
    out_ = &out;
    reader_.feed(content);
  }

  void finish(std::string& out) {
    out_ = &out;
    reader_.finish();
  }

  std::size_t held() const { return reader_.held(); }

  void begin(const Entity& entity, std::string_view header, std::string_view blank_line) override {
    const Kind kind = next_ < plan_.size() && plan_[next_].entity == entity.number ? plan_[next_++].kind : Kind::none;
    encoder_ = encoder_of(kind);
    const std::string changed = changed_header(header);
    if (!changed.empty()) header = changed;
    const std::string_view encoding = new_encoding(kind);
    if (encoding.empty()) {
      out_->append(header).append(blank_line);
    } else {
      out_->append(with_encoding(header, encoding, entity.level)).append(added_type(kind)).append("\r\n");
    }
  }

  void body(const Entity&, std::string_view text) override {
    switch (encoder_) {
      case Encoder::none:
        out_->append(text);
        break;
      case Encoder::quoted_printable:
        quoted_printable_.feed(text, *out_);
        break;
      case Encoder::base64:
        base64_.feed(text, *out_);
        break;
      case Encoder::rewrapped_base64:
        rewrapper_.feed(text, *out_);
        break;
      case Encoder::rewrapped_quoted_printable:
        decoder_.feed(text, decoded_);
        quoted_printable_.feed(decoded_, *out_);
        decoded_.clear();
        break;
    }
  }

  // RFC 2046 5.1.1: this text is not for readers of MIME, and has no transfer encoding.
  void around(const Entity&, std::string_view text) override {
    for (const char c : text) {
      if (goal_ == MimeGoal::short_lines && column_ == kMaxLineLength && c != '\r' && c != '\n') {
        out_->append("\r\n ");  // with the blank it cannot become a delimiter line
        column_ = 1;
      }
      out_->push_back(goal_ == MimeGoal::seven_bit && is_eight_bit(c) ? '?' : c);
      column_ = c == '\n' ? 0 : column_ + (c != '\r');
    }
  }
  void delimiter(const Entity&, std::string_view text) override {
    out_->append(text);
    column_ = 0;
  }

  // Only a leaf has an encoder, and it is the innermost entity.
  void end(const Entity&) override {
    if (encoder_ == Encoder::quoted_printable) quoted_printable_.finish(*out_);
    if (encoder_ == Encoder::base64) base64_.finish(*out_);
    if (encoder_ == Encoder::rewrapped_base64) rewrapper_.finish(*out_);
    if (encoder_ == Encoder::rewrapped_quoted_printable) {
      decoder_.finish(decoded_);
      quoted_printable_.feed(decoded_, *out_);
      decoded_.clear();
      quoted_printable_.finish(*out_);
    }
    encoder_ = Encoder::none;
  }

 private:
  // Empty: unchanged.
  std::string changed_header(std::string_view header) const {
    const ContentFacts facts = inspect(header);
    if (goal_ == MimeGoal::short_lines) return facts.needs_reencoding() ? folded_header(header).text : std::string();
    return facts.eight_bit ? seven_bit_header(header) : std::string();
  }

  const MimePlan& plan_;
  const MimeGoal goal_;
  std::size_t next_ = 0;  // in plan_
  Encoder encoder_ = Encoder::none;
  QuotedPrintableEncoder quoted_printable_;
  Base64LineEncoder base64_;
  Base64Rewrapper rewrapper_;
  QuotedPrintableDecoder decoder_;
  std::string decoded_;
  std::size_t column_ = 0;  // of the text around the parts of a multipart
  std::string* out_ = nullptr;
  EntityReader reader_{*this};
};

MimeRewriter::MimeRewriter(const MimePlan& plan, MimeGoal goal) : impl_(std::make_unique<Impl>(plan, goal)) {}
MimeRewriter::~MimeRewriter() = default;
void MimeRewriter::feed(std::string_view content, std::string& out) { impl_->feed(content, out); }
void MimeRewriter::finish(std::string& out) { impl_->finish(out); }
std::size_t MimeRewriter::held() const { return impl_->held(); }

}  // namespace mxpress::proto
