// Second pass of a conversion: writes the message as it was planned.
#include "proto/encoding.h"
#include "proto/mail_data.h"
#include "proto/mime.h"
#include "proto/mime_entity.h"

namespace mxpress::proto {
namespace {

using Kind = MimeChange::Kind;

// The lines that an entity without Content-Type gets.
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

// What an entity's Content-Transfer-Encoding is afterwards; empty where it stays.
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
      return {};
  }
  return {};
}

enum class Encoder { none, quoted_printable, base64, rewrapped_base64 };

Encoder encoder_of(Kind kind) {
  if (kind == Kind::rewrapped_base64) return Encoder::rewrapped_base64;
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
    const bool is_folded = goal_ == MimeGoal::short_lines && inspect(header).needs_reencoding();
    const std::string folded = is_folded ? folded_header(header).value_or(std::string(header)) : std::string();
    if (is_folded) header = folded;
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
    }
  }

  void around(const Entity&, std::string_view text) override { out_->append(text); }
  void delimiter(const Entity&, std::string_view text) override { out_->append(text); }

  // Only a leaf has an encoder, and it is the innermost.
  void end(const Entity&) override {
    if (encoder_ == Encoder::quoted_printable) quoted_printable_.finish(*out_);
    if (encoder_ == Encoder::base64) base64_.finish(*out_);
    if (encoder_ == Encoder::rewrapped_base64) rewrapper_.finish(*out_);
    encoder_ = Encoder::none;
  }

 private:
  const MimePlan& plan_;
  const MimeGoal goal_;
  std::size_t next_ = 0;  // in plan_
  Encoder encoder_ = Encoder::none;
  QuotedPrintableEncoder quoted_printable_;
  Base64LineEncoder base64_;
  Base64Rewrapper rewrapper_;
  std::string* out_ = nullptr;
  EntityReader reader_{*this};
};

MimeRewriter::MimeRewriter(const MimePlan& plan, MimeGoal goal) : impl_(std::make_unique<Impl>(plan, goal)) {}
MimeRewriter::~MimeRewriter() = default;
void MimeRewriter::feed(std::string_view content, std::string& out) { impl_->feed(content, out); }
void MimeRewriter::finish(std::string& out) { impl_->finish(out); }
std::size_t MimeRewriter::held() const { return impl_->held(); }

}  // namespace mxpress::proto
