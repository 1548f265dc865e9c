// A line scanner for the few keys that sendmail needs.
#include "mta/cli/sendmail_settings.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "proto/ascii.h"

namespace mxpress::mta::cli {
namespace {

constexpr const char* kDefaultFile = "/etc/mxpress/mxpress.toml";
constexpr std::size_t kMaxFile = 1u << 20;

std::string read_file(const char* path) {
  std::string text;
  const int descriptor = ::open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return text;
  char buffer[8192];
  ssize_t size = 0;
  while (text.size() < kMaxFile && (size = ::read(descriptor, buffer, sizeof buffer)) > 0)
    text.append(buffer, static_cast<std::size_t>(size));
  ::close(descriptor);
  return text;
}

// In the daemon's order (mta/config/config_files.h).
std::vector<std::string> config_names_in(const std::string& folder) {
  std::vector<std::string> names;
  DIR* const open_folder = ::opendir(folder.c_str());
  if (!open_folder) return names;
  while (const dirent* const entry = ::readdir(open_folder)) {
    const std::string_view name = entry->d_name;
    if (name.ends_with(".toml") && !name.starts_with(".")) names.emplace_back(name);
  }
  ::closedir(open_folder);
  std::sort(names.begin(), names.end());
  return names;
}

// The value of `"value"` or `'value'`, ignoring a comment after it; empty for anything else.
std::string_view quoted(std::string_view text) {
  if (text.empty() || (text.front() != '"' && text.front() != '\'')) return {};
  const auto end = text.find(text.front(), 1);
  return end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
}

void set(std::string_view section, std::string_view key, std::string_view value, SendmailSettings& settings) {
  if (value.empty()) return;
  if (section == "listen" && key == "submission_socket") settings.submission_socket = value;
  if (section == "spool" && key == "directory") settings.spool_directory = value;
}

}  // namespace

void read_settings(std::string_view toml, SendmailSettings& settings) {
  std::string_view section;
  while (!toml.empty()) {
    const auto end = std::min(toml.find('\n'), toml.size());
    const std::string_view line = proto::trimmed(toml.substr(0, end));
    toml.remove_prefix(std::min(end + 1, toml.size()));
    if (line.starts_with("[")) {
      section = proto::trimmed(line.substr(1, line.find(']') - 1));
    } else if (const auto equals = line.find('='); equals != std::string_view::npos) {
      const std::string_view key = proto::trimmed(line.substr(0, equals));
      const std::string_view value = quoted(proto::trimmed(line.substr(equals + 1)));
      const auto dot = key.find('.');  // listen.submission_socket = "..."
      if (dot == std::string_view::npos) {
        set(section, key, value, settings);
      } else if (section.empty()) {
        set(proto::trimmed(key.substr(0, dot)), proto::trimmed(key.substr(dot + 1)), value, settings);
      }
    }
  }
}

SendmailSettings find_settings(const std::string& named) {
  SendmailSettings settings;
  const char* const variable = ::secure_getenv("MXPRESS_CONFIG");
  settings.config_file = named.empty() && variable ? variable : named;
  const std::string file = settings.config_file.empty() ? kDefaultFile : settings.config_file;
  read_settings(read_file(file.c_str()), settings);
  const std::string folder = file.substr(0, file.rfind('/') + 1) + "conf.d";
  for (const std::string& name : config_names_in(folder)) read_settings(read_file((folder + "/" + name).c_str()), settings);
  return settings;
}

}  // namespace mxpress::mta::cli
