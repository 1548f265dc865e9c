// Keys of the DNS root: see trust_anchor.h.
#include "dns/trust_anchor.h"

#include <algorithm>
#include <optional>

namespace mxpress::dns {
namespace {

constexpr std::string_view kSpace = " \t\r\v\f";
constexpr std::string_view kState = ";;state=";

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
    if (line.empty()) return words;
    const std::size_t end = std::min(line.find_first_of(kSpace), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

// RFC 5011 4.2, with the numbers of libunbound: 0 START, 1 ADDPEND, 2 VALID, 3 MISSING, 4 REVOKED, 5 REMOVED.
bool may_be_trusted(std::string_view line) {
  const std::size_t at = line.find(kState);
  if (at == std::string_view::npos) return true;
  const std::string_view state = line.substr(at + kState.size());
  return state.starts_with('2') || state.starts_with('3');
}

std::optional<std::string> parse_line(std::string_view line) {
  if (!may_be_trusted(line)) return std::nullopt;
  const std::vector<std::string_view> words = words_of(line.substr(0, line.find(';')));
  const auto type = std::find_if(words.begin(), words.end(), [](std::string_view word) { return word == "DNSKEY" || word == "DS"; });
  if (words.empty() || words.front() != "." || words.end() - type < 5) return std::nullopt;
  std::string record = ". IN " + std::string(*type);
  for (auto field = type + 1; field != type + 4; ++field) record.append(" ").append(*field);
  record += ' ';
  for (auto part = type + 4; part != words.end(); ++part) record.append(*part);  // a key may be in several parts
  return record;
}

}  // namespace

std::vector<std::string> parse_trust_anchors(std::string_view text) {
  std::vector<std::string> anchors;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (auto anchor = parse_line(text.substr(0, end))) anchors.push_back(std::move(*anchor));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return anchors;
}

}  // namespace mxpress::dns
