// Parses policies and records.
#include "mta/sts/policy.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::mta::sts {
namespace {

constexpr std::string_view kVersion = "STSv1";
constexpr std::size_t kLongestKey = 32;
constexpr std::size_t kMaxWords = 60;

std::string shown(std::string_view text) { return "\"" + proto::printable(text, kMaxWords) + "\""; }

bool is_letter_or_digit(char c) { return proto::is_alpha(c) || proto::is_digit(c); }

// RFC 8461 3.2: sts-policy-ext-name, which the known keys are, too.
bool is_key(std::string_view text) {
  const auto is_inside = [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.'; };
  return !text.empty() && text.size() <= kLongestKey && is_letter_or_digit(text.front()) &&
         std::all_of(text.begin(), text.end(), is_inside);
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && proto::is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && proto::is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<Mode> mode_of(std::string_view word) {
  for (const Mode mode : {Mode::enforce, Mode::testing, Mode::none})
    if (word == to_string(mode)) return mode;
  return std::nullopt;
}

// RFC 8461 3.2: at most ten digits.
std::optional<std::chrono::seconds> age_of(std::string_view digits) {
  constexpr std::size_t kMostDigits = 10;
  std::int64_t seconds = 0;
  if (digits.empty() || digits.size() > kMostDigits || !std::all_of(digits.begin(), digits.end(), proto::is_digit)) return std::nullopt;
  std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  return std::min(std::chrono::seconds(seconds), kLongestAge);
}

// Takes line after line.
class PolicyReader {
 public:
  Status take(std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::string_view key = line.substr(0, colon);
    if (line.starts_with("\xEF\xBB\xBF")) return Error::permanent("the policy begins with a byte order mark");
    if (colon == line.npos || !is_key(key)) return Error::permanent("the policy has a line without a key: " + shown(line));
    const std::string_view value = without_blanks(line.substr(colon + 1));
    const bool is_clean = std::none_of(value.begin(), value.end(), proto::is_control);
    if (!is_clean) return Error::permanent("the policy has a control character behind " + shown(key));
    if (key == "mx") return take_mx(value);
    if (key == "version") return take_first(version_, value == kVersion ? std::optional(true) : std::nullopt, line);
    if (key == "mode") return take_first(mode_, mode_of(value), line);
    if (key == "max_age") return take_first(max_age_, age_of(value), line);
    return {};
  }

  Result<Policy> policy() && {
    if (!version_) return Error::permanent("the policy has no version");
    if (!mode_) return Error::permanent("the policy has no mode");
    if (!max_age_) return Error::permanent("the policy has no max_age");
    if (mx_.empty() && *mode_ != Mode::none) return Error::permanent("the policy has no mx");
    mx_.shrink_to_fit();  // many are kept
    return Policy{*mode_, std::move(mx_), *max_age_};
  }

 private:
  template <class Value>
  static Status take_first(std::optional<Value>& place, std::optional<Value> value, std::string_view line) {
    if (place) return {};
    if (!value) return Error::permanent("the policy has an unknown value: " + shown(line));
    place = std::move(value);
    return {};
  }

  Status take_mx(std::string_view value) {
    auto pattern = net::MxPattern::parse(value);
    if (!pattern) return Error::permanent("the policy has an mx that is no name: " + shown(value));
    if (std::find(mx_.begin(), mx_.end(), *pattern) != mx_.end()) return {};
    octets_ += pattern->text().size();
    if (mx_.size() >= kMostPatterns) return Error::permanent("the policy has more than " + std::to_string(kMostPatterns) + " mx");
    if (octets_ > kMostPatternOctets)
      return Error::permanent("the policy has more than " + std::to_string(kMostPatternOctets) + " octets of mx");
    mx_.push_back(std::move(*pattern));
    return {};
  }

  std::optional<bool> version_;
  std::optional<Mode> mode_;
  std::optional<std::chrono::seconds> max_age_;
  std::vector<net::MxPattern> mx_;
  std::size_t octets_ = 0;
};

// RFC 8461 3.1: fields behind the version, each "name=value", separated and perhaps ended by ';'.
Result<std::string> id_in(std::string_view record) {
  std::string id;
  std::string_view rest = record.substr(record.find('=') + 1);  // "STSv1; id=..."
  for (bool is_version = true;; is_version = false) {
    const std::size_t end = rest.find(';');
    const std::string_view field = without_blanks(rest.substr(0, end));
    const std::size_t equals = field.find('=');
    const bool is_last = end == rest.npos;
    if (is_version && field != kVersion) return Error::permanent("the record is malformed: " + shown(record));
    if (!is_version && !(is_last && field.empty())) {
      if (equals == field.npos || !is_key(field.substr(0, equals))) return Error::permanent("the record is malformed: " + shown(record));
      if (id.empty() && field.substr(0, equals) == "id") id = field.substr(equals + 1);
    }
    if (is_last) break;
    rest.remove_prefix(end + 1);
  }
  if (!is_id(id)) return Error::permanent("the record has no id of 1 to 32 letters and digits: " + shown(record));
  return id;
}

}  // namespace

std::string_view to_string(Mode mode) {
  switch (mode) {
    case Mode::enforce:
      return "enforce";
    case Mode::testing:
      return "testing";
    case Mode::none:
      return "none";
  }
  return "";
}

Result<Policy> parse_policy(std::string_view text) {
  PolicyReader reader;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (without_blanks(line).empty()) continue;
    if (const Status taken = reader.take(line); !taken) return taken.error();
  }
  return std::move(reader).policy();
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kLongestId && std::all_of(text.begin(), text.end(), is_letter_or_digit);
}

// Records of other kinds may stand beside it.
Result<std::string> record_id(const std::vector<std::string>& texts) {
  const std::string* record = nullptr;
  for (const std::string& text : texts) {
    if (!text.starts_with("v=STSv1")) continue;
    if (record) return Error::permanent("there are several records");
    record = &text;
  }
  return record ? id_in(*record) : Result<std::string>(std::string());
}

}  // namespace mxpress::mta::sts
