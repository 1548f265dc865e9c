// Forms, written and read.
#include "proto/form.h"

#include <charconv>

#include "proto/ascii.h"

namespace mxpress::proto {
namespace {

void append_encoded(std::string& form, std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const bool is_plain = is_digit(c) || is_alpha(c) || c == '-' || c == '.' || c == '_' || c == '~';
    if (is_plain) {
      form += c;
    } else {
      const auto octet = static_cast<unsigned char>(c);
      ((form += '%') += kDigits[octet >> 4]) += kDigits[octet & 15];
    }
  }
}

std::optional<std::string> decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    unsigned octet = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), octet, 16);
    if (error != std::errc() || end != digits.data() + 2) return std::nullopt;
    plain += static_cast<char>(octet);
    i += 2;
  }
  return plain;
}

}  // namespace

std::string form_of(const std::vector<FormField>& fields) {
  std::string form;
  for (const auto& [name, value] : fields) {
    if (!form.empty()) form += '&';
    append_encoded(form, name);
    form += '=';
    append_encoded(form, value);
  }
  return form;
}

std::optional<std::string> form_value(std::string_view form, std::string_view name) {
  while (!form.empty()) {
    const std::string_view field = form.substr(0, form.find('&'));
    form.remove_prefix(field.size() == form.size() ? form.size() : field.size() + 1);
    const std::size_t equals = field.find('=');
    if (decoded(field.substr(0, equals)) == std::string(name))
      return equals == field.npos ? std::optional(std::string()) : decoded(field.substr(equals + 1));
  }
  return std::nullopt;
}

}  // namespace mxpress::proto
