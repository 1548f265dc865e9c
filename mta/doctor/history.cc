// Compares runs.
#include "mta/doctor/history.h"

#include <algorithm>

#include "proto/printable.h"

namespace mxpress::mta::doctor {
namespace {

constexpr std::size_t kMostEvidence = 300;

std::string first_word(const std::string& check) { return check.substr(0, check.find(' ')); }

// mxpressd itself sends alerts of what it reports.
bool is_told_by_daemon(const Finding& finding) {
  const std::string word = first_word(finding.check);
  return word == "daemon" || word == "outage";
}

// A check that could not be done at all is named by its first word: "ptr" for "ptr 192.0.2.1".
bool is_untold(const std::string& check, const Findings& findings) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& one) {
    return one.state == State::unknown &&
           (one.check == check || one.check == first_word(check) || (one.check == "records" && first_word(check) != "port25") ||
            (one.check == "block-lists" && first_word(check) == "block-list"));
  });
}

}  // namespace

Wrongs parse_wrongs(std::string_view text) {
  Wrongs wrongs;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
    const auto tab = line.find('\t');
    if (tab != line.npos) wrongs.emplace(line.substr(0, tab), line.substr(tab + 1));
  }
  return wrongs;
}

std::string text_of(const Wrongs& wrongs) {
  std::string text;
  for (const auto& [check, evidence] : wrongs) text += check + "\t" + evidence + "\n";
  return text;
}

Change change_of(const Wrongs& before, const Findings& findings) {
  Change change;
  for (const Finding& one : findings)
    if (one.state == State::wrong && !is_told_by_daemon(one))
      change.now.emplace(proto::printable(one.check, 200), proto::printable(one.evidence, kMostEvidence));
  for (const auto& [check, evidence] : change.now)
    if (!before.contains(check)) change.begun.emplace(check, evidence);
  for (const auto& [check, evidence] : before) {
    if (change.now.contains(check)) continue;
    (is_untold(check, findings) ? change.now : change.ended).emplace(check, evidence);
  }
  return change;
}

std::string words_of(const Change& change) {
  std::string words;
  const auto add = [&words](std::string_view what, const std::string& text) {
    words.append(words.empty() ? "" : "; ").append(what).append(text);
  };
  for (const auto& [check, evidence] : change.begun) add("wrong: ", check + ": " + evidence);
  for (const auto& [check, evidence] : change.ended) add("no longer wrong: ", check);
  return words;
}

}  // namespace mxpress::mta::doctor
