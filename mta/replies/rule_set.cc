// Matches replies.
#include "mta/replies/rule_set.h"

#include <algorithm>

#include "mta/replies/reply_text.h"
#include "mta/replies/stated_wait.h"
#include "proto/ascii.h"

namespace mxpress::mta::replies {
namespace {

using proto::Stage;

bool is_opening(Stage stage) { return stage == Stage::greeting || stage == Stage::hello || stage == Stage::tls; }

bool is_when(When when, Stage stage) {
  switch (when) {
    case When::any:
      return true;
    case When::greeting:
      return is_opening(stage);
    case When::mail:
      return stage == Stage::mail;
    case When::rcpt:
      return stage == Stage::rcpt;
    case When::data:
      return stage == Stage::data || stage == Stage::content;
  }
  return false;
}

// "mx1.example.org" ends with "example.org" at a dot.
bool is_below(std::string_view host, std::string_view suffix) {
  if (host.size() < suffix.size() || !proto::equal_in_any_case(host.substr(host.size() - suffix.size()), suffix)) return false;
  return host.size() == suffix.size() || host[host.size() - suffix.size() - 1] == '.';
}

template <class Patterns, class Value>
bool any_holds(const Patterns& patterns, const Value& value) {
  return patterns.empty() || std::any_of(patterns.begin(), patterns.end(), [&](const auto& one) { return one.holds(value); });
}

// Everything but the words.
bool allows(const Rule& rule, const ReplyText& text, const proto::HostResult& result) {
  if (is_opening(result.stage) && is_about_mailbox(rule.kind)) return false;
  if (!is_when(rule.when, result.stage) || !any_holds(rule.codes, text.code)) return false;
  if (!rule.statuses.empty() && (!text.status || !any_holds(rule.statuses, *text.status))) return false;
  return rule.hosts.empty() || is_one_of(rule.hosts, result.host);
}

// The end of the phrases of one alternative; nullopt if one is missing.
std::optional<std::size_t> end_of(const std::vector<std::uint32_t>& phrases, const std::vector<std::size_t>& ends) {
  std::size_t last = 0;
  for (const std::uint32_t phrase : phrases) {
    if (ends[phrase] == PhraseSearch::kNowhere) return std::nullopt;
    last = std::max(last, ends[phrase]);
  }
  return last;
}

std::optional<std::size_t> last_end(const Rule& rule, const std::vector<std::size_t>& ends) {
  std::optional<std::size_t> last;
  for (const auto& phrases : rule.texts)
    if (const auto end = end_of(phrases, ends)) last = std::max(last.value_or(0), *end);
  return last;
}

std::size_t octets_of(const std::string& text) { return sizeof(std::string) + (text.capacity() > 15 ? text.capacity() : 0); }

std::size_t octets_of(const Rule& rule) {
  std::size_t octets = sizeof(Rule);
  for (const std::string* text : {&rule.name, &rule.cause, &rule.todo, &rule.link}) octets += octets_of(*text) - sizeof(std::string);
  for (const std::string& host : rule.hosts) octets += octets_of(host);
  for (const auto& phrases : rule.texts) octets += sizeof phrases + phrases.capacity() * sizeof(phrases[0]);
  return octets + rule.statuses.capacity() * sizeof(StatusPattern) + rule.codes.capacity() * sizeof(CodePattern);
}

}  // namespace

bool is_one_of(const std::vector<std::string>& suffixes, std::string_view host) {
  return std::any_of(suffixes.begin(), suffixes.end(), [&](const std::string& suffix) { return is_below(host, suffix); });
}

const ProviderLimits* RuleSet::limits_for(std::string_view host) const {
  const auto found = std::find_if(limits_.begin(), limits_.end(), [&](const ProviderLimits& one) { return is_one_of(one.hosts, host); });
  return found == limits_.end() ? nullptr : &*found;
}

void RuleSet::finish() {
  search_.finish();
  rules_.shrink_to_fit();
}

RuleSet::Tier RuleSet::tier_of(const Rule& rule) {
  return !rule.texts.empty() ? Tier::text : !rule.statuses.empty() ? Tier::status : Tier::code;
}

const Rule* RuleSet::by_text(const ReplyText& text, const proto::HostResult& result) const {
  const std::vector<std::size_t> ends = search_.find(text.words);
  const bool last_counts = is_one_of(last_line_hosts_, result.host);
  const Rule* found = nullptr;
  std::size_t found_end = 0;
  for (const Rule& rule : rules_) {
    if (rule.texts.empty() || !allows(rule, text, result)) continue;
    const auto end = last_end(rule, ends);
    if (!end || (found && *end <= found_end)) continue;
    found = &rule;
    found_end = *end;
    if (!last_counts) return found;
  }
  return found;
}

const Rule* RuleSet::first_of(Tier tier, const ReplyText& text, const proto::HostResult& result) const {
  for (const Rule& rule : rules_)
    if (tier_of(rule) == tier && allows(rule, text, result)) return &rule;
  return nullptr;
}

std::optional<Match> RuleSet::match(const proto::HostResult& result) const {
  const bool is_refusal = result.reply_code / 100 == 4 || result.reply_code / 100 == 5;
  if (!is_refusal || result.stage == Stage::local || result.stage == Stage::none) return std::nullopt;
  ReplyText text = reply_text(result.text);
  text.code = result.reply_code;
  const Rule* rule = by_text(text, result);
  if (!rule) rule = first_of(Tier::status, text, result);
  if (!rule) rule = first_of(Tier::code, text, result);
  if (!rule) return std::nullopt;
  const auto stated = stated_wait(text.words);
  return Match{rule, stated ? stated : rule->wait};
}

std::size_t RuleSet::octets() const {
  std::size_t octets = sizeof *this + search_.octets() + date_.capacity();
  for (const Rule& rule : rules_) octets += octets_of(rule);
  for (const std::string& host : last_line_hosts_) octets += octets_of(host);
  for (const ProviderLimits& limits : limits_) octets += sizeof limits + limits.hosts.size() * sizeof(std::string);
  return octets;
}

}  // namespace mxpress::mta::replies
