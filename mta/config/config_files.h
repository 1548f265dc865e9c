// The files of the configuration: mxpress.toml, then those of the folder conf.d beside it, merged into one table.
#pragma once

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mta/config/config_value.h"
#include "proto/result.h"

namespace mxpress::mta::config {

// The lines of several files, numbered consecutively, so that one number identifies file and line.
class FileLines {
 public:
  // Appends a file. Returns the offset of its line numbers: the line count of the files before it.
  std::uint32_t add(const std::string& file_name, std::string_view text);
  // "FILE:LINE"; for 0 the first file and 0.
  std::string place(std::uint32_t line) const;

 private:
  struct File {
    std::string name;
    std::uint32_t before = 0;  // lines of the files before it
  };
  std::vector<File> files_;
  std::uint32_t lines_ = 0;
};

struct MergedFiles {
  ConfigValue::Table table;  // lines are those of `lines`
  FileLines lines;
};

// Adds a file: tables are merged; for a repeated key the later value is kept. The error names file and line.
Status merge_file(std::string_view toml, const std::string& file_name, MergedFiles& files);

// `file` itself, then conf.d/*.toml in the folder of `file`, sorted by the octets of their names, without those that begin with a dot. An
// error if the folder exists and cannot be listed.
Result<std::vector<boost::filesystem::path>> config_files(const boost::filesystem::path& file);

// Reads them, each at most 1 MiB, and adds them. Errors name the file.
Status add_config_files(const std::vector<boost::filesystem::path>& files, MergedFiles& merged);

}  // namespace mxpress::mta::config
