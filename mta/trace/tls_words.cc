// Reads comments about TLS: see tls_words.h.
#include "mta/trace/tls_words.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "mta/trace/words.h"
#include "proto/ascii.h"

namespace mxpress::mta::trace {
namespace {

using proto::starts_in_any_case;

constexpr std::string_view kBetween = " \t\r\n,:;=/()";

// "TLSv1.3", "TLS1.3", "TLS1_3" and "SSLv3" as "TLSv1.3" and "SSLv3"; empty: the word is no version.
std::string version_of(std::string_view word) {
  if (!starts_in_any_case(word, "TLS") && !starts_in_any_case(word, "SSL")) return {};
  std::string_view number = word.substr(3);
  if (number.starts_with('v') || number.starts_with('V')) number.remove_prefix(1);
  if (number.empty() || number.size() > 3 || !proto::is_digit(number.front())) return {};
  std::string version = proto::upper_case(word.substr(0, 3)) + "v" + std::string(number);
  std::replace(version.begin(), version.end(), '_', '.');
  return version;
}

bool is_cipher(std::string_view word) {
  static constexpr std::string_view kStarts[] = {"TLS_",     "ECDHE-", "ECDHE_", "DHE-", "AES128-", "AES256-",
                                                 "CHACHA20", "AECDH-", "ADH-",   "RC4-", "DES-"};
  return std::any_of(std::begin(kStarts), std::end(kStarts), [&](std::string_view start) { return word.starts_with(start); });
}

}  // namespace

bool is_about_tls(std::string_view comment) {
  const auto words = words_of(comment, kBetween);
  return std::any_of(words.begin(), words.end(), [](std::string_view word) {
    return proto::equal_in_any_case(word, "TLS") || !version_of(word).empty() || is_cipher(word);
  });
}

TlsWords tls_words(std::string_view comment) {
  TlsWords found;
  const auto words = words_of(comment, kBetween);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (found.version.empty()) found.version = version_of(words[i]);
    const bool is_named = i > 0 && proto::equal_in_any_case(words[i - 1], "cipher");
    if (found.cipher.empty() && (is_named || is_cipher(words[i]))) found.cipher = std::string(words[i]);
  }
  if (found.version.empty()) found.version = "TLS";
  return found;
}

}  // namespace mxpress::mta::trace
