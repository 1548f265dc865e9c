// Reads files of texts for notices.
#include "mta/languages/text_file.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include "mta/config/config_value.h"
#include "proto/ascii.h"
#include "proto/encoding.h"
#include "proto/printable.h"

namespace mxpress::mta::languages {
namespace {

using config::ConfigEntry;
using config::ConfigValue;

constexpr std::size_t kMostText = 2000;  // octets
constexpr std::size_t kMostMistakes = 50;
constexpr std::size_t kShown = 60;

class Reader {
 public:
  Reader(const std::string& file_name, const std::set<std::string, std::less<>>& known) : file_name_(file_name), known_(known) {}
  TextFile read(const ConfigValue::Table& file);
  void mistake(std::uint32_t line, const std::string& what);

 private:
  void read_language(const ConfigEntry& language);
  void read_text(proto::Phrases& phrases, const ConfigEntry& entry);

  const std::string& file_name_;
  const std::set<std::string, std::less<>>& known_;
  TextFile file_;
};

void Reader::mistake(std::uint32_t line, const std::string& what) {
  if (file_.mistakes.size() < kMostMistakes) file_.mistakes.push_back(file_name_ + ":" + std::to_string(line) + ": " + what);
}

// The first name of the text that its key does not have; empty: there is none.
std::string foreign_name(std::string_view key, std::string_view text) {
  const auto allowed = proto::names_in(key);
  for (const std::string_view name : proto::names_in(text))
    if (name != "iso" && std::find(allowed.begin(), allowed.end(), name) == allowed.end()) return std::string(name);
  return {};
}

void Reader::read_text(proto::Phrases& phrases, const ConfigEntry& entry) {
  const std::string shown = "\"" + proto::printable_utf8(entry.key, kShown) + "\"";
  const std::string* const text = entry.value.text();
  if (!text || text->empty()) return mistake(entry.line, shown + " takes a text in quotes");
  if (text->size() > kMostText) return mistake(entry.line, shown + " has a text of over " + std::to_string(kMostText) + " octets");
  if (!proto::is_utf8(*text) || proto::printable_utf8(*text, kMostText) != *text)
    return mistake(entry.line, shown + " has a text with control characters, or such as change the direction of others");
  if (const std::string name = foreign_name(entry.key, *text); !name.empty())
    return mistake(entry.line, shown + " has no {" + proto::printable_utf8(name, kShown) + "}");
  if (!known_.empty() && !known_.contains(entry.key)) file_.unknown.push_back(entry.key);
  phrases.set(entry.key, *text);
  ++file_.texts;
}

void Reader::read_language(const ConfigEntry& language) {
  if (!is_language_tag(language.key))
    return mistake(language.line, "\"" + proto::printable(language.key, kShown) + "\" is no language tag");
  const ConfigValue::Table* const texts = language.value.table();
  if (!texts) return mistake(language.line, language.key + " takes texts: [" + language.key + "]");
  proto::Phrases& phrases = file_.catalogues[proto::lower_case(language.key)];
  for (const ConfigEntry& entry : *texts) read_text(phrases, entry);
}

TextFile Reader::read(const ConfigValue::Table& file) {
  for (const ConfigEntry& language : file) read_language(language);
  return std::move(file_);
}

TextFile parse(std::string_view toml, const std::string& file_name, const std::set<std::string, std::less<>>& known) {
  const auto table = config::parse_toml(toml, file_name);
  if (!table) return {{}, 0, {table.error().message}, {}};
  return Reader(file_name, known).read(*table);
}

// The keys of all sentences of mxpress.
std::set<std::string, std::less<>> known_keys() {
  std::set<std::string, std::less<>> keys;
  for (const auto& [tag, phrases] : own_catalogues())
    for (const std::string_view key : phrases.keys()) keys.emplace(key);
  return keys;
}

}  // namespace

const Languages::Catalogues& own_catalogues() {
  static const TextFile kOwn = [] {
    TextFile file = parse(kOwnTexts, "notices.toml", {});
    if (!file.mistakes.empty()) throw std::logic_error(file.mistakes.front());
    return file;
  }();
  return kOwn.catalogues;
}

TextFile parse_texts(std::string_view toml, const std::string& file_name) { return parse(toml, file_name, known_keys()); }

}  // namespace mxpress::mta::languages
