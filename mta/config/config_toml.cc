// Parses TOML into values with line numbers. No other file uses the TOML parser.
#include <toml++/toml.h>

#include <algorithm>

#include "mta/config/config_value.h"
#include "proto/printable.h"

namespace mxpress::mta::config {
namespace {

constexpr int kMaxDepth = 8;

std::uint32_t line_of(const toml::source_region& region) { return region.begin.line; }

ConfigValue value_of(const toml::node& node, int depth);

ConfigValue::Table table_of(const toml::table& table, int depth) {
  ConfigValue::Table entries;
  for (const auto& [key, node] : table) entries.push_back({std::string(key.str()), line_of(key.source()), value_of(node, depth + 1)});
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  return entries;
}

ConfigValue::List list_of(const toml::array& array, int depth) {
  ConfigValue::List items;
  for (const toml::node& node : array) items.push_back(value_of(node, depth + 1));
  return items;
}

ConfigValue value_of(const toml::node& node, int depth) {
  ConfigValue value;
  value.line = line_of(node.source());
  if (depth > kMaxDepth)
    value.data = ConfigValue::Other{"something nested too deeply"};
  else if (const auto* text = node.as_string())
    value.data = text->get();
  else if (const auto* number = node.as_integer())
    value.data = std::int64_t{number->get()};
  else if (const auto* flag = node.as_boolean())
    value.data = flag->get();
  else if (const auto* array = node.as_array())
    value.data = list_of(*array, depth);
  else if (const auto* table = node.as_table())
    value.data = table_of(*table, depth);
  else
    value.data = ConfigValue::Other{node.is_floating_point() ? "a number with a fraction" : "a date or time"};
  return value;
}

}  // namespace

std::string ConfigValue::kind() const {
  if (const auto* other = std::get_if<Other>(&data)) return other->kind;
  if (text()) return "a string";
  if (number()) return "an integer";
  if (flag()) return "true or false";
  return list() ? "a list" : "a table";
}

Result<ConfigValue::Table> parse_toml(std::string_view toml, const std::string& file_name) {
  try {
    return table_of(toml::parse(toml, file_name), 0);
  } catch (const toml::parse_error& error) {
    std::string why = proto::printable(error.description(), 300);
    if (why.find("determine value type") != why.npos) why += " (text stands in quotes: key = \"value\")";
    if (why.find("control characters") != why.npos) why += " (is the closing quote missing?)";
    return Error::permanent(file_name + ":" + std::to_string(line_of(error.source())) + ": not valid TOML: " + why);
  }
}

}  // namespace mxpress::mta::config
