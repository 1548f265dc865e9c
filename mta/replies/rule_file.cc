// Reads files of rules.
#include "mta/replies/rule_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include "mta/config/config_value.h"
#include "mta/replies/limits_reader.h"
#include "mta/replies/reply_text.h"
#include "mta/replies/stated_wait.h"
#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::mta::replies {
namespace {

using config::ConfigEntry;
using config::ConfigValue;
using proto::Stage;

constexpr std::size_t kMostSentence = 600;  // octets of a cause, an advice or a link
constexpr std::size_t kMostName = 60;
constexpr std::size_t kMostPhrase = 100;
constexpr std::size_t kMostList = 40;
constexpr std::size_t kFewest = 3;  // octets of a phrase
constexpr std::string_view kAnd = " ... ";

constexpr std::array<std::pair<std::string_view, When>, 4> kWhens = {
    {{"greeting", When::greeting}, {"mail", When::mail}, {"rcpt", When::rcpt}, {"data", When::data}}};

Stage stage_of(When when) {
  switch (when) {
    case When::greeting:
      return Stage::greeting;
    case When::mail:
      return Stage::mail;
    case When::data:
      return Stage::content;
    case When::any:
    case When::rcpt:
      break;
  }
  return Stage::rcpt;
}

std::optional<int> number_in(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || text.size() > 3 || error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

bool read_detail(std::string_view text, StatusPattern& pattern) {
  if (text == "*") return true;
  const auto dash = text.find('-');
  const auto first = number_in(text.substr(0, dash));
  const auto last = dash == text.npos ? first : number_in(text.substr(dash + 1));
  if (!first || !last || *last < *first) return false;
  pattern.first = *first;
  pattern.last = *last;
  return true;
}

std::optional<StatusPattern> status_pattern(std::string_view text) {
  const auto first = text.find('.');
  const auto second = first == text.npos ? first : text.find('.', first + 1);
  if (second == text.npos || first != 1) return std::nullopt;
  StatusPattern pattern;
  if (text[0] != '*' && text[0] != '4' && text[0] != '5') return std::nullopt;
  if (text[0] != '*') pattern.klass = text[0] - '0';
  const auto subject = number_in(text.substr(first + 1, second - first - 1));
  if (!subject || !read_detail(text.substr(second + 1), pattern)) return std::nullopt;
  pattern.subject = *subject;
  return pattern;
}

std::optional<CodePattern> code_pattern(const ConfigValue& value) {
  if (const auto* number = value.number())
    return *number >= 400 && *number <= 599 ? std::optional(CodePattern{static_cast<int>(*number), static_cast<int>(*number)})
                                            : std::nullopt;
  const std::string* text = value.text();
  if (text && (*text == "4xx" || *text == "5xx")) return CodePattern{((*text)[0] - '0') * 100, ((*text)[0] - '0') * 100 + 99};
  return std::nullopt;
}

// Values of a key that takes one or a list.
std::vector<const ConfigValue*> each_of(const ConfigValue& value) {
  std::vector<const ConfigValue*> all;
  if (!value.list()) return {&value};
  for (const ConfigValue& one : *value.list()) all.push_back(&one);
  return all;
}

class Reader {
 public:
  explicit Reader(const std::string& file_name) : file_name_(file_name) {}
  RuleFile read(const ConfigValue::Table& file);
  void mistake(std::uint32_t line, const std::string& what);

 private:
  void read_top(const ConfigEntry& entry);
  void read_rule(const ConfigValue& value);
  void read_key(Rule& rule, std::string& sample, const ConfigEntry& entry);
  void read_list(Rule& rule, const ConfigEntry& entry);
  void read_phrases(Rule& rule, const ConfigValue& value);
  void read_word(Rule& rule, const ConfigEntry& entry);
  void read_wait(Rule& rule, const ConfigEntry& entry);
  void read_limit(const ConfigValue& value);
  std::string text_of(const ConfigEntry& entry, std::size_t most);
  void check(const Rule& rule);
  void check_samples();

  const std::string& file_name_;
  RuleFile file_;
  std::set<std::string, std::less<>> names_;
  std::size_t phrase_octets_ = 0;
};

void Reader::mistake(std::uint32_t line, const std::string& what) {
  if (file_.mistakes.size() < kMostMistakes) file_.mistakes.push_back(file_name_ + ":" + std::to_string(line) + ": " + what);
}

// Printable ASCII: it goes into logs and notices.
std::string Reader::text_of(const ConfigEntry& entry, std::size_t most) {
  const std::string* text = entry.value.text();
  if (!text || text->empty()) return mistake(entry.line, entry.key + " takes a text in quotes"), std::string();
  if (text->size() > most) return mistake(entry.line, entry.key + " is longer than " + std::to_string(most) + " octets"), std::string();
  if (proto::printable(*text, most) != *text)
    return mistake(entry.line, entry.key + " has other characters than printable ASCII"), std::string();
  return *text;
}

void Reader::read_phrases(Rule& rule, const ConfigValue& value) {
  const std::string* text = value.text();
  if (!text || text->empty() || text->size() > kMostPhrase)
    return mistake(value.line, "text takes texts of 1 to " + std::to_string(kMostPhrase) + " octets, in quotes");
  std::vector<std::uint32_t> phrases;
  for (std::string_view rest = *text; !rest.empty();) {
    const auto end = rest.find(kAnd);
    const std::string_view phrase = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + kAnd.size());
    if (phrase.size() < kFewest) return mistake(value.line, "text has a phrase of fewer than 3 octets: " + *text);
    if (reply_text("550 " + std::string(phrase)).words != phrase)
      return mistake(value.line, "text must be in lower case, with single blanks and without mail addresses: " + *text);
    phrase_octets_ += phrase.size();
    phrases.push_back(file_.rules.add_phrase(phrase));
  }
  rule.texts.push_back(std::move(phrases));
}

void Reader::read_list(Rule& rule, const ConfigEntry& entry) {
  const auto values = each_of(entry.value);
  if (values.empty() || values.size() > kMostList)
    return mistake(entry.line, entry.key + " takes 1 to " + std::to_string(kMostList) + " values");
  for (const ConfigValue* value : values) {
    const std::string* text = value->text();
    if (entry.key == "text") {
      read_phrases(rule, *value);
    } else if (entry.key == "code") {
      const auto pattern = code_pattern(*value);
      if (!pattern) return mistake(entry.line, "code takes a number from 400 to 599, \"4xx\" or \"5xx\"");
      rule.codes.push_back(*pattern);
    } else if (entry.key == "status") {
      const auto pattern = text ? status_pattern(*text) : std::nullopt;
      if (!pattern) return mistake(entry.line, "status takes codes such as \"5.7.26\", \"*.7.26\", \"4.7.500-699\" or \"*.1.*\"");
      rule.statuses.push_back(*pattern);
    } else {
      if (!text || text->empty() || text->size() > kMostPhrase || text->front() == '.')
        return mistake(entry.line, "host takes names such as \"google.com\"");
      rule.hosts.push_back(proto::lower_case(*text));
    }
  }
}

// Keys with a fixed choice of words.
void Reader::read_word(Rule& rule, const ConfigEntry& entry) {
  const std::string word = text_of(entry, kMostName);
  if (word.empty()) return;
  if (entry.key == "class") {
    const auto found = class_named(word);
    if (!found) return mistake(entry.line, "no such class: " + word + "; there are " + class_names());
    rule.kind = *found;
  } else if (entry.key == "who") {
    const auto found = actor_named(word);
    if (!found) return mistake(entry.line, "nobody is called " + word + "; there are " + actor_names());
    rule.who = *found;
  } else if (entry.key == "scope") {
    if (word != "site" && word != "recipient") return mistake(entry.line, "scope is \"site\" or \"recipient\"");
    rule.scope = word == "site" ? Scope::site : Scope::recipient;
  } else if (entry.key == "effect") {
    if (word != "other_family") return mistake(entry.line, "the only effect is \"other_family\"");
    rule.tries_other_family = true;
  } else {
    const auto found = std::find_if(kWhens.begin(), kWhens.end(), [&](const auto& one) { return one.first == word; });
    if (found == kWhens.end()) return mistake(entry.line, "when is \"greeting\", \"mail\", \"rcpt\" or \"data\"");
    rule.when = found->second;
  }
}

void Reader::read_wait(Rule& rule, const ConfigEntry& entry) {
  rule.wait = written_wait(text_of(entry, kMostName));
  if (!rule.wait) mistake(entry.line, "wait takes a time from \"1m\" to \"12h\"");
}

void Reader::read_key(Rule& rule, std::string& sample, const ConfigEntry& entry) {
  const std::string& key = entry.key;
  if (key == "text" || key == "code" || key == "status" || key == "host") return read_list(rule, entry);
  if (key == "class" || key == "who" || key == "scope" || key == "when" || key == "effect") return read_word(rule, entry);
  const std::pair<std::string_view, std::string*> texts[] = {{"cause", &rule.cause}, {"todo", &rule.todo}, {"link", &rule.link}};
  for (const auto& [name, text] : texts)
    if (name == key) return void(*text = text_of(entry, kMostSentence));
  if (key == "name") return void(rule.name = text_of(entry, kMostName));
  if (key == "wait") return read_wait(rule, entry);
  if (key == "sample" && entry.value.text()) return void(sample = *entry.value.text());
  mistake(entry.line, key == "sample" ? "sample takes a text in quotes" : "a rule has no key " + proto::printable(key, kMostName));
}

void Reader::check(const Rule& rule) {
  if (rule.name.empty()) mistake(rule.line, "the rule has no name");
  if (!rule.name.empty() && !names_.insert(rule.name).second) mistake(rule.line, "another rule is called " + rule.name);
  if (rule.cause.empty()) mistake(rule.line, "the rule has no cause");
  if (rule.texts.empty() && rule.statuses.empty() && rule.codes.empty())
    mistake(rule.line, "the rule has neither text nor status nor code");
}

void Reader::read_rule(const ConfigValue& value) {
  Rule rule;
  std::string sample;
  rule.line = value.line;
  bool has_class = false, has_who = false;
  for (const ConfigEntry& entry : *value.table()) {
    if (rule.line == 0) rule.line = entry.line;
    has_class = has_class || entry.key == "class";
    has_who = has_who || entry.key == "who";
    read_key(rule, sample, entry);
  }
  if (!has_class) mistake(rule.line, "the rule has no class; there are " + class_names());
  if (!has_who) mistake(rule.line, "the rule does not say who must act; there are " + actor_names());
  check(rule);
  const std::string host = rule.hosts.empty() ? "mx.example.org" : "mx." + rule.hosts.front();
  if (!sample.empty()) file_.samples.push_back({file_.rules.rules().size(), typed_reply(sample, host, rule.when)});
  file_.rules.add(std::move(rule));
}

void Reader::read_limit(const ConfigValue& value) {
  if (!value.table()) return mistake(value.line, "limits begin with [[limit]]");
  if (file_.rules.limits().size() == RuleSet::kMostLimits)
    return mistake(value.line, "more than " + std::to_string(RuleSet::kMostLimits) + " limits");
  file_.rules.add(read_limits(value, [this](std::uint32_t line, const std::string& what) { mistake(line, what); }));
}

void Reader::read_top(const ConfigEntry& entry) {
  if (entry.key == "date") return file_.rules.set_date(text_of(entry, kMostName));
  if (entry.key == "last_line_hosts") {
    Rule hosts;
    read_list(hosts, {"host", entry.line, entry.value});
    return file_.rules.set_last_line_hosts(std::move(hosts.hosts));
  }
  const auto* const list = entry.value.list();
  if (entry.key == "limit" && list) return void(std::for_each(list->begin(), list->end(), [this](const auto& one) { read_limit(one); }));
  if (entry.key != "rule" || !list)
    return mistake(entry.line, "there is no key " + proto::printable(entry.key, kMostName) + "; rules begin with [[rule]]");
  if (list->size() > RuleSet::kMostRules) return mistake(entry.line, "more than " + std::to_string(RuleSet::kMostRules) + " rules");
  for (const ConfigValue& one : *list) {
    if (one.table())
      read_rule(one);
    else
      mistake(one.line, "rules begin with [[rule]]");
  }
}

void Reader::check_samples() {
  for (const Sample& sample : file_.samples) {
    const Rule& own = file_.rules.rules()[sample.rule];
    const auto found = file_.rules.match(sample.result);
    if (!found) mistake(own.line, "the rule " + own.name + " does not match its own sample");
    if (found && found->rule != &own)
      mistake(own.line, "the sample of the rule " + own.name + " is matched by the rule " + found->rule->name + " (line " +
                            std::to_string(found->rule->line) + ") before it");
  }
}

RuleFile Reader::read(const ConfigValue::Table& file) {
  for (const ConfigEntry& entry : file) read_top(entry);
  if (file_.rules.rules().empty() && file_.mistakes.empty()) mistake(1, "there is no [[rule]]");
  if (phrase_octets_ > RuleSet::kMostPhraseOctets)
    mistake(1, "the texts of all rules have more than " + std::to_string(RuleSet::kMostPhraseOctets) + " octets");
  file_.rules.finish();
  if (file_.mistakes.empty()) check_samples();
  return std::move(file_);
}

}  // namespace

proto::HostResult typed_reply(std::string_view text, std::string_view host, When when) {
  const ReplyText read = reply_text(text);
  proto::HostResult result;
  result.stage = stage_of(when);
  result.host = std::string(host);
  result.text = std::string(text.substr(0, ReplyText::kMost));
  result.reply_code = read.code != 0 ? read.code : read.status ? read.status->klass * 100 + 50 : 550;
  result.status = read.status.value_or(proto::EnhancedStatus{result.reply_code / 100, 0, 0});
  return result;
}

RuleFile parse_rules(std::string_view toml, const std::string& file_name) {
  RuleFile failed;
  if (toml.size() > kMostFile) {
    failed.mistakes.push_back(file_name + ": larger than " + std::to_string(kMostFile) + " octets");
    return failed;
  }
  const auto table = config::parse_toml(toml, file_name);
  if (!table) {
    failed.mistakes.push_back(table.error().message);
    return failed;
  }
  return Reader(file_name).read(*table);
}

}  // namespace mxpress::mta::replies
