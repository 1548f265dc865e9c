// See letter.h.
#include "tests/bench/letter.h"

#include <algorithm>
#include <cstdlib>

namespace mxpress::bench {

namespace {

constexpr std::size_t kHeader = 260;  // approximate; the whole message has the requested size
constexpr std::string_view kLine = "The quick brown fox jumps over the lazy dog, again and again and once more.";

std::vector<std::string> names(std::string_view groups) {
  std::vector<std::string> all;
  while (!groups.empty()) {
    const auto group = groups.substr(0, groups.find(','));
    groups.remove_prefix(std::min(group.size() + 1, groups.size()));
    const auto colon = group.find(':');
    const auto count = std::strtoull(std::string(group.substr(colon + 1)).c_str(), nullptr, 10);
    for (std::size_t i = 0; i < count; ++i) all.push_back(std::string(group.substr(0, colon)) + std::to_string(i) + ".example");
  }
  return all;
}

}  // namespace

Letters::Letters(std::size_t size, std::string_view domains, std::string_view line_end) : domains_(names(domains)), line_end_(line_end) {
  while (body_.size() + kHeader < size) body_.append(kLine).append(line_end);
  if (body_.empty()) body_ = line_end;
  length_ = body_.size() + (line_end_ == "\n" ? static_cast<std::size_t>(std::count(body_.begin(), body_.end(), '\n')) : 0);
}

std::string Letters::content(std::size_t number, Nanoseconds begun) const {
  std::string text;
  text.reserve(body_.size() + 2 * kHeader);
  const auto field = [&](std::string_view name, const std::string& value) { text.append(name).append(value).append(line_end_); };
  field("From: ", kSender);
  field("To: ", recipient(number, 0));
  field("Subject: ", "A message of the benchmark");
  field("Date: ", "Sun, 22 Nov 2026 10:00:00 +0000");
  field("Message-ID: <", std::to_string(number) + "@bench.example>");
  field("X-Bench: ", std::to_string(begun) + " " + std::to_string(length_));
  return text.append(line_end_).append(body_);
}

std::string Letters::recipient(std::size_t number, std::size_t index) const {
  return "u" + std::to_string(index) + "@" + domains_[(number + index) % domains_.size()];
}

}  // namespace mxpress::bench
