// A configuration file as values with line numbers, independent of the TOML parser.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "proto/result.h"

namespace mxpress::mta::config {

struct ConfigEntry;

struct ConfigValue {
  using List = std::vector<ConfigValue>;
  using Table = std::vector<ConfigEntry>;
  struct Other {  // floats and dates, which no key accepts
    std::string kind;
  };
  std::uint32_t line = 0;
  std::variant<Other, std::string, std::int64_t, bool, List, Table> data;

  const std::string* text() const { return std::get_if<std::string>(&data); }
  const std::int64_t* number() const { return std::get_if<std::int64_t>(&data); }
  const bool* flag() const { return std::get_if<bool>(&data); }
  const List* list() const { return std::get_if<List>(&data); }
  const Table* table() const { return std::get_if<Table>(&data); }
  std::string kind() const;  // "a string", "an integer" ...
};

struct ConfigEntry {
  std::string key;
  std::uint32_t line = 0;
  ConfigValue value;
};

// The whole file as one table, entries in the order of the file. The error names file and line.
Result<ConfigValue::Table> parse_toml(std::string_view toml, const std::string& file_name);

}  // namespace mxpress::mta::config
