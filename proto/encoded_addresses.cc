// Encodes 8-bit text in address lists.
#include "proto/encoded_addresses.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "proto/ascii.h"
#include "proto/encoded_text.h"
#include "proto/mailbox.h"

namespace mxpress::proto {
namespace {

// These, and the same with Resent- in front.
constexpr std::string_view kAddressFields[] = {"From", "Sender", "Reply-To", "To", "Cc", "Errors-To", "Mail-Followup-To", "Mail-Reply-To"};
constexpr std::string_view kReceiptFields[] = {"Disposition-Notification-To", "Return-Receipt-To"};

template <std::size_t kCount>
bool is_one_of(const std::string_view (&names)[kCount], std::string_view name) {
  return std::any_of(std::begin(names), std::end(names), [name](std::string_view one) { return equal_in_any_case(one, name); });
}

bool is_white(char c) { return is_blank(c) || c == '\r' || c == '\n'; }

enum class Kind { word, quoted, comment, white, angle, special };

struct Piece {
  Kind kind = Kind::word;
  std::string_view text;
};

// Takes pieces off the front of an address list. An unclosed piece reaches to the end.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }

  Piece next() {
    const char c = rest_.front();
    if (c == '"') return take(Kind::quoted, closed_by('"'));
    if (c == '<') return take(Kind::angle, closed_by('>'));
    if (c == '(') return take(Kind::comment, comment_length());
    if (c == ',' || c == ';' || c == ':') return take(Kind::special, 1);
    if (is_white(c)) return take(Kind::white, std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    return take(Kind::word, std::max<std::size_t>(std::min(rest_.find_first_of("\"<(,;: \t\r\n"), rest_.size()), 1));
  }

 private:
  Piece take(Kind kind, std::size_t size) {
    const Piece piece{kind, rest_.substr(0, size)};
    rest_.remove_prefix(piece.text.size());
    return piece;
  }

  std::size_t closed_by(char end) const {
    std::size_t at = 1;
    while (at < rest_.size() && rest_[at] != end) at += rest_[at] == '\\' ? 2 : 1;
    return at + 1;
  }

  std::size_t comment_length() const {
    std::size_t depth = 0;
    std::size_t at = 0;
    for (; at < rest_.size(); at += rest_[at] == '\\' ? 2 : 1) {
      if (rest_[at] == '(') ++depth;
      if (rest_[at] == ')' && --depth == 0) break;
    }
    return at + 1;
  }

  std::string_view rest_;
};

// Without the quotes or brackets around it, and without the backslashes before quoted octets.
std::string inner_text(std::string_view text) {
  std::string inner;
  text.remove_prefix(1);
  if (!text.empty() && (text.back() == '"' || text.back() == ')' || text.back() == '>')) text.remove_suffix(1);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    inner.push_back(text[at]);
  }
  return inner;
}

// "<j@b\xC3\xBC.example>" as "j@xn--b-xha.example", if only the domain is not ASCII.
std::string with_a_label(std::string_view angle, std::size_t& convertible) {
  const auto cost = static_cast<std::size_t>(std::count_if(angle.begin(), angle.end(), is_eight_bit));
  if (cost > convertible) return {};
  convertible -= cost;
  const auto mailbox = Mailbox::parse(trimmed(inner_text(angle)));
  return mailbox.ok() && !has_eight_bit(mailbox->to_string()) ? mailbox->to_string() : std::string();
}

// Gathers one mailbox (or the name of a group) and writes it.
class Writer {
 public:
  Writer(std::string& out, std::size_t& convertible) : out_(out), convertible_(convertible) {}

  void add(const Piece& piece) {
    if (piece.kind == Kind::special) {
      end_mailbox(piece.text.front());
      out_.append(piece.text);
      in_group_ = piece.text.front() == ':' || (in_group_ && piece.text.front() == ',');
    } else {
      pieces_.push_back(piece);
      needs_encoding_ = needs_encoding_ || has_eight_bit(piece.text);
    }
  }

  void end_mailbox(char end) {
    if (!needs_encoding_) {
      for (const Piece& piece : pieces_) out_.append(piece.text);
    } else {
      write_encoded(end);
    }
    pieces_.clear();
    needs_encoding_ = false;
  }

 private:
  // Keeps white space at both ends; writes words, address and comments between.
  void write_encoded(char end) {
    auto first = pieces_.begin();
    auto last = pieces_.end();
    while (first != last && first->kind == Kind::white) out_.append((first++)->text);
    while (last != first && std::prev(last)->kind == Kind::white) --last;
    std::string name;
    std::string_view angle;
    for (auto piece = first; piece != last; ++piece) {
      if (piece->kind == Kind::angle) angle = piece->text;
      if (piece->kind == Kind::quoted) name.append(inner_text(piece->text));
      if (piece->kind == Kind::word || piece->kind == Kind::white) name.append(piece->text);
    }
    write_address(std::string(trimmed(name)), angle, end);
    for (auto piece = first; piece != last; ++piece) {
      if (piece->kind == Kind::comment) write_comment(piece->text);
    }
    for (; last != pieces_.end(); ++last) out_.append(last->text);
  }

  void write_address(const std::string& name, std::string_view angle, char end) {
    const std::string a_label = has_eight_bit(angle) ? with_a_label(angle, convertible_) : std::string();
    if (angle.empty() && end != ':' && has_eight_bit(name)) {
      const std::string address = with_a_label("<" + name + ">", convertible_);
      address.empty() ? write_group(name) : void(out_.append(address));
    } else if (has_eight_bit(angle) && a_label.empty()) {
      write_group(name + (name.empty() ? "" : " ") + std::string(angle));
    } else {
      if (has_eight_bit(name)) {
        out_.append(encoded_text(name));
      } else {
        write_plain_name();
      }
      if (!angle.empty()) out_.append(" ").append(a_label.empty() ? std::string(angle) : "<" + a_label + ">");
    }
  }

  // Writes the name with its quotes where it had them.
  void write_plain_name() {
    std::string name;
    for (const Piece& piece : pieces_) {
      if (piece.kind == Kind::word || piece.kind == Kind::quoted || piece.kind == Kind::white) name.append(piece.text);
    }
    out_.append(trimmed(name));
  }

  // RFC 6857 3.1.8: an address that cannot be written in ASCII is shown as the name of an empty group. Groups do not nest.
  void write_group(std::string_view text) {
    if (in_group_) {
      out_.append("(").append(encoded_text(text)).append(")");
    } else {
      out_.append(encoded_text(text)).append(":;");
    }
  }

  void write_comment(std::string_view comment) {
    out_.append(" ");
    if (has_eight_bit(comment)) {
      out_.append("(").append(encoded_text(inner_text(comment))).append(")");
    } else {
      out_.append(comment);
    }
  }

  std::string& out_;
  std::size_t& convertible_;
  std::vector<Piece> pieces_;
  bool needs_encoding_ = false;
  bool in_group_ = false;
};

}  // namespace

bool is_address_field(std::string_view name) {
  constexpr std::string_view kResent = "Resent-";
  if (is_one_of(kReceiptFields, name)) return true;
  if (starts_in_any_case(name, kResent)) name.remove_prefix(kResent.size());
  return is_one_of(kAddressFields, name);
}

std::string encoded_addresses(std::string_view value, std::size_t& convertible) {
  std::string encoded;
  Writer writer(encoded, convertible);
  Pieces pieces(value);
  while (!pieces.done()) writer.add(pieces.next());
  writer.end_mailbox(',');
  return encoded;
}

}  // namespace mxpress::proto
