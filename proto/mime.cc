// Changes the transfer encoding of messages, part by part.
#include "proto/mime.h"

#include <algorithm>

#include "proto/ascii.h"
#include "proto/encoding.h"
#include "proto/header.h"
#include "proto/mail_data.h"

namespace mxpress::proto {
namespace {

constexpr int kMaxDepth = 20;
constexpr std::size_t kMaxBoundary = 70;  // RFC 2046 5.1.1

enum class Goal { short_lines, seven_bit };
enum class Level { message, part };

Error impossible(std::string why) { return Error::permanent("the message cannot be converted for transport: " + std::move(why)); }

bool needs_change(std::string_view text, Goal goal) {
  const ContentFacts facts = inspect(text);
  return goal == Goal::short_lines ? facts.needs_reencoding() : facts.eight_bit;
}

// The value of a field up to its first ';', in lower case; empty if there is none.
std::string main_value(std::string_view header, std::string_view name) {
  const auto field = find_field(header, name);
  return field ? lower_case(trimmed(field->value.substr(0, field->value.find(';')))) : std::string();
}

// Takes one parameter value, quoted or not, off the front. RFC 2045 5.1
std::string take_value(std::string_view& text) {
  std::string value;
  if (!text.starts_with('"')) {
    const std::string_view token = text.substr(0, text.find(';'));
    text.remove_prefix(token.size());
    return std::string(trimmed(token.substr(0, token.find_first_of(" \t("))));
  }
  std::size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value.push_back(text[i]);
  }
  text.remove_prefix(std::min(i + 1, text.size()));
  return value;
}

std::string boundary_of(std::string_view header) {
  const auto field = find_field(header, "Content-Type");
  if (!field) return {};
  const std::string line = unfolded(field->value);
  std::string_view rest = line;
  while (rest.find(';') != std::string_view::npos) {
    rest = trimmed(rest.substr(rest.find(';') + 1));
    const auto equals = rest.find_first_of("=;");
    if (equals == std::string_view::npos || rest[equals] == ';') continue;
    const std::string name = lower_case(trimmed(rest.substr(0, equals)));
    rest = trimmed(rest.substr(equals + 1));
    std::string value = take_value(rest);
    if (name == "boundary") return value;
  }
  return {};
}

// Where to fold so that both sides have something to show; 0 if nowhere. RFC 5322 2.2.3
std::size_t fold_place(std::string_view line) {
  for (std::size_t at = kMaxLineLength; at > 0; --at) {
    const bool starts_blank = is_blank(line[at]) && !is_blank(line[at - 1]);
    if (starts_blank && !trimmed(line.substr(0, at)).empty() && !trimmed(line.substr(at)).empty()) return at;
  }
  return 0;
}

Result<std::string> fold_lines(std::string_view header) {
  std::string folded;
  while (!header.empty()) {
    const auto end = header.find("\r\n");
    std::string_view line = header.substr(0, end);
    header.remove_prefix(end == std::string_view::npos ? header.size() : end + 2);
    while (line.size() > kMaxLineLength) {
      const std::size_t place = fold_place(line);
      if (place == 0) return impossible("a header line is over 998 octets long and has no space to fold it at");
      folded.append(line.substr(0, place)).append("\r\n");
      line.remove_prefix(place);
    }
    folded.append(line).append("\r\n");
  }
  return folded;
}

Result<std::string> fit_header(std::string_view header, Goal goal) {
  if (!needs_change(header, goal)) return std::string(header);
  if (goal == Goal::short_lines) return fold_lines(header);
  return impossible("its header has characters that are not ASCII");
}

// The header with this transfer encoding, and with what else RFC 2045 4 asks for.
std::string with_encoding(std::string_view header, std::string_view encoding, Level level) {
  std::string changed;
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (!equal_in_any_case(field->name, "Content-Transfer-Encoding")) changed.append(field->text);
  }
  if (!changed.empty() && !changed.ends_with("\r\n")) changed.append("\r\n");
  if (level == Level::message && !find_field(header, "MIME-Version")) changed.append("MIME-Version: 1.0\r\n");
  return changed.append("Content-Transfer-Encoding: ").append(encoding).append("\r\n");
}

std::string content_type_for(std::string_view body) {
  if (!inspect(body).eight_bit) return "Content-Type: text/plain; charset=us-ascii\r\n";
  return is_utf8(body) ? "Content-Type: text/plain; charset=utf-8\r\n" : "Content-Type: text/plain; charset=unknown-8bit\r\n";
}

std::string rewrapped_base64(std::string_view body) {
  std::string wrapped;
  std::size_t column = 0;
  for (const char c : body) {
    if (is_blank(c) || c == '\r' || c == '\n') continue;
    wrapped.push_back(c);
    if (++column % 76 == 0) wrapped.append("\r\n");
  }
  if (column % 76 != 0) wrapped.append("\r\n");
  return wrapped;
}

Result<std::string> encode_leaf(std::string_view header, std::string_view body, Level level, Goal goal) {
  const std::string encoding = main_value(header, "Content-Transfer-Encoding");
  if (encoding == "base64" && goal == Goal::short_lines) return std::string(header) + "\r\n" + rewrapped_base64(body);
  const bool plain = encoding.empty() || encoding == "7bit" || encoding == "8bit";
  if (!plain && encoding != "binary") return impossible("a part is not what its transfer encoding says");
  std::string changed = with_encoding(header, plain ? "quoted-printable" : "base64", level);
  if (!find_field(header, "Content-Type")) changed += content_type_for(body);
  return changed + "\r\n" + (plain ? quoted_printable(body) : base64_lines(body));
}

Result<std::string> fit_entity(std::string_view content, Level level, Goal goal, int depth);

enum class Line { other, delimiter, end };

// RFC 2046 5.1.1: a delimiter line may have white space behind it.
Line kind_of(std::string_view line, std::string_view delimiter) {
  if (!line.starts_with(delimiter)) return Line::other;
  line.remove_prefix(delimiter.size());
  const bool end = line.starts_with("--");
  if (end) line.remove_prefix(2);
  return !trimmed(line).empty() ? Line::other : end ? Line::end : Line::delimiter;
}

// Rewrites the body of a multipart: parts change, delimiters, preamble and epilogue stay as they are.
class MultipartFitter {
 public:
  MultipartFitter(std::string_view body, const std::string& boundary, Goal goal, int depth)
      : body_(body), delimiter_("--" + boundary), goal_(goal), depth_(depth) {}

  Result<std::string> run() {
    while (at_ < body_.size() && place_ != Place::epilogue) {
      const auto end = body_.find("\r\n", at_);
      const std::size_t next = end == std::string_view::npos ? body_.size() : end + 2;
      const Line kind = kind_of(body_.substr(at_, next - at_), delimiter_);
      if (kind != Line::other) {
        if (const Status status = end_piece(at_); !status) return status.error();
        out_.append(body_.substr(at_, next - at_));
        piece_ = next;
        place_ = kind == Line::end ? Place::epilogue : Place::part;
      }
      at_ = next;
    }
    if (place_ == Place::preamble) return impossible("a multipart has no parts");
    if (const Status status = end_piece(body_.size()); !status) return status.error();
    return std::move(out_);
  }

 private:
  enum class Place { preamble, part, epilogue };

  Status end_piece(std::size_t end) {
    std::string_view piece = body_.substr(piece_, end - piece_);
    if (place_ != Place::part) {
      if (needs_change(piece, goal_)) return impossible("the text around the parts of a multipart does not fit");
      out_.append(piece);
      return {};
    }
    // RFC 2046 5.1.1: the line end before a delimiter belongs to the delimiter.
    const bool has_end = piece.ends_with("\r\n");
    if (has_end) piece.remove_suffix(2);
    auto fitted = fit_entity(piece, Level::part, goal_, depth_ + 1);
    if (!fitted) return fitted.error();
    out_.append(*fitted);
    if (has_end) out_.append("\r\n");
    return {};
  }

  std::string_view body_;
  std::string delimiter_;
  Goal goal_;
  int depth_;
  std::size_t at_ = 0;
  std::size_t piece_ = 0;  // where the present preamble, part or epilogue begins
  Place place_ = Place::preamble;
  std::string out_;
};

// RFC 2045 6.4: a multipart or message says 8bit only if something in it is.
std::string composite_header(std::string_view header, Level level, Goal goal) {
  const std::string encoding = main_value(header, "Content-Transfer-Encoding");
  const bool says_too_much = goal == Goal::seven_bit && (encoding == "8bit" || encoding == "binary");
  return (says_too_much ? with_encoding(header, "7bit", level) : std::string(header)) + "\r\n";
}

Result<std::string> fit_body(std::string_view header, std::string_view body, Level level, Goal goal, int depth) {
  const std::string type = main_value(header, "Content-Type");
  if (type == "multipart/signed" || type == "multipart/encrypted") return impossible("that would break its signature or encryption");
  if (type.starts_with("multipart/")) {
    const std::string boundary = boundary_of(header);
    if (boundary.empty() || boundary.size() > kMaxBoundary) return impossible("a multipart has no usable boundary");
    const auto parts = MultipartFitter(body, boundary, goal, depth).run();
    return parts ? Result<std::string>(composite_header(header, level, goal) + *parts) : parts;
  }
  if (type == "message/rfc822") {
    const auto message = fit_entity(body, Level::message, goal, depth + 1);
    return message ? Result<std::string>(composite_header(header, level, goal) + *message) : message;
  }
  if (type.starts_with("message/")) return impossible("a part of type message/... may not be encoded");
  return encode_leaf(header, body, level, goal);
}

Result<std::string> fit_entity(std::string_view content, Level level, Goal goal, int depth) {
  if (!needs_change(content, goal)) return std::string(content);
  if (depth > kMaxDepth) return impossible("its parts are nested too deeply");
  const MessageParts parts = split_message(content);
  auto header = fit_header(parts.header, goal);
  if (!header) return header;
  if (!needs_change(parts.body, goal)) return *header + std::string(content.substr(parts.header.size()));
  return fit_body(*header, parts.body, level, goal, depth);
}

}  // namespace

Result<std::string> reencode_for_transport(std::string_view content) { return fit_entity(content, Level::message, Goal::short_lines, 0); }

Result<std::string> downgrade_to_seven_bit(std::string_view content) { return fit_entity(content, Level::message, Goal::seven_bit, 0); }

}  // namespace mxpress::proto
