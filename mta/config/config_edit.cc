// Edits the text of a configuration, and parses the result to check that nothing else has changed.
#include "mta/config/config_edit.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "mta/config/config_value.h"

namespace mxpress::mta::config {
namespace {

using Table = ConfigValue::Table;

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result.push_back('\\');
    result.push_back(c);
  }
  return result + "\"";
}

std::string key_files(const KeyFiles& keys) {
  std::string text;
  for (const auto& [selector, file] : keys) text += (text.empty() ? " " : ", ") + in_quotes(selector) + " = " + in_quotes(file.string());
  return "{" + text + " }";
}

// True if their contents are equal, ignoring order and lines.
bool is_same(const ConfigValue& a, const ConfigValue& b);

bool is_same(const Table& a, const Table& b) {
  if (a.size() != b.size()) return false;
  return std::all_of(a.begin(), a.end(), [&b](const ConfigEntry& entry) {
    const auto found = std::find_if(b.begin(), b.end(), [&entry](const ConfigEntry& other) { return other.key == entry.key; });
    return found != b.end() && is_same(entry.value, found->value);
  });
}

bool is_same(const ConfigValue& a, const ConfigValue& b) {
  if (a.table() && b.table()) return is_same(*a.table(), *b.table());
  if (a.list() && b.list())
    return std::equal(a.list()->begin(), a.list()->end(), b.list()->begin(), b.list()->end(),
                      [](const ConfigValue& one, const ConfigValue& other) { return is_same(one, other); });
  if (a.text() && b.text()) return *a.text() == *b.text();
  if (a.number() && b.number()) return *a.number() == *b.number();
  if (a.flag() && b.flag()) return *a.flag() == *b.flag();
  return a.data.index() == 0 && b.data.index() == 0;
}

ConfigEntry* find(Table& table, std::string_view key) {
  const auto found = std::find_if(table.begin(), table.end(), [key](const ConfigEntry& entry) { return entry.key == key; });
  return found == table.end() ? nullptr : &*found;
}

Table* table_in(Table& table, std::string_view key) {
  ConfigEntry* const entry = find(table, key);
  return entry ? std::get_if<Table>(&entry->value.data) : nullptr;
}

// [dkim."DOMAIN"], in any spelling of the domain. Null: there is none.
ConfigEntry* domain_entry(Table& file, const proto::Domain& domain) {
  Table* const dkim = table_in(file, "dkim");
  if (!dkim) return nullptr;
  for (ConfigEntry& entry : *dkim) {
    const auto name = proto::Domain::parse(entry.key);
    if (name && *name == domain) return &entry;
  }
  return nullptr;
}

ConfigEntry text_entry(std::string key, std::string text) { return {std::move(key), 0, {0, std::move(text)}}; }

ConfigEntry keys_entry(std::string key, const KeyFiles& keys) {
  Table files;
  for (const auto& [selector, file] : keys) files.push_back(text_entry(selector, file.string()));
  return {std::move(key), 0, {0, std::move(files)}};
}

std::string_view line_end_of(std::string_view text) {
  const auto end = text.find('\n');
  return end != text.npos && end > 0 && text[end - 1] == '\r' ? "\r\n" : "\n";
}

std::string with_line_ends(std::string_view lines, std::string_view line_end) {
  std::string text;
  for (const char c : lines) c == '\n' ? text.append(line_end) : text.append(1, c);
  return text;
}

// The offset where line `number` begins; the first is 1.
std::optional<std::size_t> begin_of_line(std::string_view text, std::uint32_t number) {
  std::size_t at = 0;
  for (std::uint32_t line = 1; line < number; ++line) {
    const auto end = text.find('\n', at);
    if (end == text.npos) return std::nullopt;
    at = end + 1;
  }
  return at;
}

std::size_t end_of_line(std::string_view text, std::size_t begin) {
  const auto end = text.find('\n', begin);
  return end == text.npos ? text.size() : end + 1;
}

Result<std::string> if_it_says(std::string text, const Table& wanted) {
  const auto again = parse_toml(text, "the new text");
  if (!again || !is_same(*again, wanted)) return Error::permanent("its form does not let a program add to it");
  return text;
}

}  // namespace

std::string dkim_next_line(const KeyFiles& keys) { return "next = " + key_files(keys); }

std::string dkim_table(const proto::Domain& domain, const KeyFiles& keys) {
  return "[dkim." + in_quotes(domain.text()) + "]\nsign = \"when published\"\nkeys = " + key_files(keys) + "\n";
}

Result<std::string> with_dkim_table(std::string_view toml, const proto::Domain& domain, const KeyFiles& keys) {
  auto file = parse_toml(toml, "the configuration");
  if (!file) return file.error();
  if (domain_entry(*file, domain)) return Error::permanent("it has a table for " + domain.text() + " already");
  if (!find(*file, "dkim")) file->push_back({"dkim", 0, {0, Table()}});
  Table* const dkim = table_in(*file, "dkim");
  if (!dkim) return Error::permanent("its key dkim is no table");
  dkim->push_back({domain.text(), 0, {0, Table{text_entry("sign", "when published"), keys_entry("keys", keys)}}});
  const std::string_view line_end = line_end_of(toml);
  std::string text(toml);
  if (!text.empty() && text.back() != '\n') text += line_end;
  if (!text.empty()) text += line_end;
  return if_it_says(text + with_line_ends(dkim_table(domain, keys), line_end), *file);
}

Result<std::string> with_dkim_next(std::string_view toml, const proto::Domain& domain, const KeyFiles& next) {
  auto file = parse_toml(toml, "the configuration");
  if (!file) return file.error();
  ConfigEntry* const entry = domain_entry(*file, domain);
  Table* const table = entry ? std::get_if<Table>(&entry->value.data) : nullptr;
  if (!table) return Error::permanent("it has no table [dkim.\"" + domain.text() + "\"]");
  if (find(*table, "next")) return Error::permanent("the table [dkim.\"" + domain.text() + "\"] has next keys already");
  table->push_back(keys_entry("next", next));
  const auto header = begin_of_line(toml, entry->line);
  if (!header) return Error::permanent("its lines cannot be counted");
  const std::size_t at = end_of_line(toml, *header);
  const std::string_view line_end = line_end_of(toml);
  std::string text(toml.substr(0, at));
  if (!text.ends_with('\n')) text += line_end;
  text.append(dkim_next_line(next)).append(line_end).append(toml.substr(at));
  return if_it_says(std::move(text), *file);
}

Result<std::string> with_dkim_next_as_keys(std::string_view toml, const proto::Domain& domain) {
  auto file = parse_toml(toml, "the configuration");
  if (!file) return file.error();
  ConfigEntry* const entry = domain_entry(*file, domain);
  Table* const table = entry ? std::get_if<Table>(&entry->value.data) : nullptr;
  ConfigEntry* const keys = table ? find(*table, "keys") : nullptr;
  ConfigEntry* const next = table ? find(*table, "next") : nullptr;
  if (!keys || !next) return Error::permanent("it has no next keys of " + domain.text());
  const auto keys_at = begin_of_line(toml, keys->line), next_at = begin_of_line(toml, next->line);
  if (!keys_at || !next_at || *keys_at == *next_at) return Error::permanent("its lines cannot be told apart");
  const std::string next_line(toml.substr(*next_at, end_of_line(toml, *next_at) - *next_at));
  const auto equals = next_line.find('=');
  if (equals == next_line.npos) return Error::permanent("the line of next has no =");
  std::string text(toml);
  // The later line first, so that the offset of the other one stays valid.
  const auto replace = [&text](std::size_t at, const std::string& by) { text.replace(at, end_of_line(text, at) - at, by); };
  const std::string keys_line = "keys =" + next_line.substr(equals + 1);
  replace(std::max(*keys_at, *next_at), *keys_at > *next_at ? keys_line : "");
  replace(std::min(*keys_at, *next_at), *keys_at < *next_at ? keys_line : "");
  keys->value = next->value;
  std::erase_if(*table, [](const ConfigEntry& one) { return one.key == "next"; });
  return if_it_says(std::move(text), *file);
}

}  // namespace mxpress::mta::config
