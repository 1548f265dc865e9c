// Finds, reads and merges the files of the configuration.
#include "mta/config/config_files.h"

#include <algorithm>
#include <boost/filesystem/fstream.hpp>
#include <boost/filesystem/operations.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

namespace mxpress::mta::config {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;  // octets
constexpr const char* kFolder = "conf.d";

bool is_absent(const boost::filesystem::path& path) {
  boost::system::error_code error;
  return boost::filesystem::status(path, error).type() == boost::filesystem::file_not_found;
}

Result<std::string> read_file(const boost::filesystem::path& path) {
  errno = 0;
  boost::filesystem::ifstream file(path, std::ios::binary);
  std::string text(kMaxFile + 1, '\0');
  if (!file || boost::filesystem::is_directory(path))
    return Error::permanent("cannot read " + path.string() + ": " + (file ? "it is a directory" : std::strerror(errno)));
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return Error::permanent("cannot read " + path.string() + ": " + std::strerror(errno));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxFile) return Error::permanent(path.string() + " is over 1 MB: that is no configuration of mxpress");
  return text;
}

void move_lines(ConfigValue::Table& table, std::uint32_t by);

void move_lines(ConfigValue& value, std::uint32_t by) {
  value.line += by;
  if (auto* const list = std::get_if<ConfigValue::List>(&value.data))
    for (ConfigValue& one : *list) move_lines(one, by);
  if (auto* const table = std::get_if<ConfigValue::Table>(&value.data)) move_lines(*table, by);
}

void move_lines(ConfigValue::Table& table, std::uint32_t by) {
  for (ConfigEntry& entry : table) {
    entry.line += by;
    move_lines(entry.value, by);
  }
}

void merge(ConfigValue::Table& into, ConfigValue::Table&& from) {
  for (ConfigEntry& entry : from) {
    const auto known = std::find_if(into.begin(), into.end(), [&](const ConfigEntry& one) { return one.key == entry.key; });
    if (known == into.end()) {
      into.push_back(std::move(entry));
      continue;
    }
    auto* const old_table = std::get_if<ConfigValue::Table>(&known->value.data);
    auto* const new_table = std::get_if<ConfigValue::Table>(&entry.value.data);
    if (old_table && new_table)
      merge(*old_table, std::move(*new_table));
    else
      *known = std::move(entry);
  }
}

bool is_config_name(const std::string& name) { return name.ends_with(".toml") && !name.starts_with("."); }

}  // namespace

std::uint32_t FileLines::add(const std::string& file_name, std::string_view text) {
  files_.push_back({file_name, lines_});
  lines_ += static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  return files_.back().before;
}

std::string FileLines::place(std::uint32_t line) const {
  if (files_.empty()) return std::to_string(line);
  auto file = std::find_if(files_.rbegin(), files_.rend(), [&](const File& one) { return one.before < line; });
  const File& found = file == files_.rend() ? files_.front() : *file;
  return found.name + ":" + std::to_string(line - std::min(line, found.before));
}

Status merge_file(std::string_view toml, const std::string& file_name, MergedFiles& files) {
  auto table = parse_toml(toml, file_name);
  if (!table) return table.error();
  const std::uint32_t before = files.lines.add(file_name, toml);
  move_lines(*table, before);
  merge(files.table, std::move(*table));
  return {};
}

Result<std::vector<boost::filesystem::path>> config_files(const boost::filesystem::path& file) {
  std::vector<boost::filesystem::path> files = {file};
  const auto folder = file.parent_path() / kFolder;
  if (is_absent(folder)) return files;
  boost::system::error_code error;
  boost::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != boost::filesystem::directory_iterator(); entry.increment(error))
    if (is_config_name(entry->path().filename().string())) files.push_back(entry->path());
  if (error) return Error::permanent("cannot list " + folder.string() + ": " + error.message());
  std::sort(files.begin() + 1, files.end(), [](const auto& a, const auto& b) { return a.native() < b.native(); });
  return files;
}

Status add_config_files(const std::vector<boost::filesystem::path>& files, MergedFiles& merged) {
  for (const auto& file : files) {
    const auto text = read_file(file);
    if (!text) return text.error();
    if (const Status added = merge_file(*text, file.string(), merged); !added) return added;
  }
  return {};
}

}  // namespace mxpress::mta::config
