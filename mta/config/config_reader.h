// Applies the entries of the configuration files to a Config, and collects errors.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mta/config/config.h"
#include "mta/config/config_fields.h"
#include "mta/config/config_files.h"
#include "mta/config/config_value.h"
#include "proto/result.h"

namespace mxpress::mta::config {

// A key, or the name of a table, that may have been meant.
struct Candidate {
  std::string table;
  std::string name;
};

class ConfigReader {
 public:
  // `config` must outlive it.
  ConfigReader(Config& config, FileLines lines);

  void read(const ConfigValue::Table& file);
  void complain(std::uint32_t line, const std::string& text) { errors_.emplace(line, text); }
  // All errors, one per line: "FILE:LINE: problem".
  Status result() const;
  // The line of a key, for errors that involve several: "retry.lifetime", "route.office.auth"; 0 if it is not in the file.
  std::uint32_t line_of(const std::string& name) const;
  // "FILE:LINE" of each key that was read, by the same names.
  std::map<std::string, std::string> places() const;

 private:
  using Fields = std::vector<ConfigField>;
  using ReadNamed = void (ConfigReader::*)(const ConfigEntry& entry);

  void read_top(const ConfigEntry& entry);
  void read_key(const Fields& fields, const std::string& table, const std::string& shown, const ConfigEntry& entry);
  void read_keys(const Fields& fields, const std::string& shown, const ConfigEntry& entry);
  void complain_unknown(const Fields& fields, const std::string& table, const std::string& shown, const ConfigEntry& entry);
  void read_each(const ConfigEntry& entry, std::string_view example, ReadNamed read);
  void read_routes(const ConfigEntry& entry);
  void take_provider(const std::string& shown, RouteConfig& route, const ConfigEntry& entry);
  void read_route(const std::string& shown, RouteConfig& route, const ConfigEntry& entry);
  void read_credentials(const ConfigEntry& entry);
  void read_dkim(const ConfigEntry& entry);
  void read_destination(const ConfigEntry& entry);
  void read_destination_entry(const Fields& fields, const std::string& shown, const ConfigEntry& entry);
  void name_route(const std::string& shown, const std::string& name);
  void read_sender(const ConfigEntry& entry);
  bool is_table(const std::string& name) const;

  Config& config_;
  FileLines files_;
  Fields fields_;
  std::vector<Candidate> candidates_;
  std::map<std::string, std::uint32_t> lines_;
  std::multimap<std::uint32_t, std::string> errors_;  // by line
};

}  // namespace mxpress::mta::config
