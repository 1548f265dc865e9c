// Checks the texts of a letter's header.
#include "mta/compose/letter.h"

#include <algorithm>

#include "proto/ascii.h"
#include "proto/encoding.h"
#include "proto/printable.h"

namespace mxpress::mta::compose {
namespace {

constexpr std::size_t kMostBlanks = 500;  // GMime does not fold within them, and a line may have 998 octets

std::string quoted(std::string_view text) { return "\"" + proto::printable_utf8(text, 300) + "\""; }

// RFC 5322 3.6.8
bool is_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c > 32 && c < 127 && c != ':'; });
}

constexpr std::string_view kWithOption[] = {"From", "To", "Cc", "Bcc", "Subject", "Reply-To", "In-Reply-To"};
// Set here, by mxpressd, or by other hosts on the way.
constexpr std::string_view kSetAlways[] = {"Date",         "Message-ID",     "MIME-Version", "Return-Path",           "Received",
                                           "Delivered-To", "DKIM-Signature", "Resent-Bcc",   "Authentication-Results"};

bool is_one_of(const auto& names, std::string_view name) {
  return std::any_of(std::begin(names), std::end(names), [name](std::string_view one) { return proto::equal_in_any_case(one, name); });
}

std::string option_of(std::string_view name) {
  std::string option = "--";
  for (const char c : name) option += proto::to_lower(c);
  return option;
}

}  // namespace

Status check_text_line(const std::string& what, const std::string& text) {
  if (std::any_of(text.begin(), text.end(), proto::is_control))
    return Error::permanent(what + " has a line end or another control character: " + quoted(text));
  if (!proto::is_utf8(text)) return Error::permanent(what + " is not UTF-8: " + quoted(text));
  if (text.find(std::string(kMostBlanks + 1, ' ')) != text.npos)
    return Error::permanent(what + " has more than " + std::to_string(kMostBlanks) + " blanks in a row");
  return {};
}

Result<ExtraField> read_field(const std::string& text) {
  if (Status status = check_text_line("--header", text); !status) return status.error();
  const auto colon = text.find(':');
  const std::string name = text.substr(0, std::min(colon, text.size()));
  if (colon == text.npos || !is_field_name(name)) return Error::permanent("--header takes 'Name: value', not " + quoted(text));
  if (is_one_of(kWithOption, name)) return Error::permanent("--header " + quoted(name) + ": say " + option_of(name));
  if (is_one_of(kSetAlways, name) || proto::starts_in_any_case(name, "Content-"))
    return Error::permanent("--header " + quoted(name) + ": this field is set by mxpress");
  return ExtraField{name, std::string(proto::trimmed(std::string_view(text).substr(colon + 1)))};
}

Result<std::string> read_message_id(const std::string& text) {
  const auto trimmed = proto::trimmed(text);
  const bool has_brackets = trimmed.starts_with('<') && trimmed.ends_with('>');
  const std::string_view inside = has_brackets ? trimmed.substr(1, trimmed.size() - 2) : trimmed;
  const auto is_plain = [](char c) { return c > 32 && c < 127 && c != '<' && c != '>'; };
  const auto at = inside.find('@');
  if (at == 0 || at == inside.npos || at + 1 == inside.size() || !std::all_of(inside.begin(), inside.end(), is_plain))
    return Error::permanent(quoted(text) + " is not a Message-ID");
  return "<" + std::string(inside) + ">";
}

}  // namespace mxpress::mta::compose
