// Memory of the machine and of the cgroup.
#include "mta/system/memory_limit.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <string_view>

namespace mxpress::mta::system {
namespace {

constexpr std::uint64_t kUnknown = std::uint64_t{1} << 30;  // octets; if the machine does not tell
constexpr std::string_view kTotal = "MemTotal:";

// The files of a version of cgroups(7).
struct Version {
  std::string_view line;  // in /proc/self/cgroup; the path of the group follows
  std::string_view mount;
  std::string_view file;
};
constexpr Version kVersions[] = {{"0::", "/sys/fs/cgroup", "/memory.max"}, {":memory:", "/sys/fs/cgroup/memory", "/memory.limit_in_bytes"}};

std::optional<std::uint64_t> number(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

// The text after `mark` in the first line that has it.
std::optional<std::string> behind(const std::string& path, std::string_view mark) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (const auto place = line.find(mark); place != std::string::npos) return line.substr(place + mark.size());
  return std::nullopt;
}

// The lowest limit of the group and its parents.
std::uint64_t limit_of(const std::string& root, const Version& version) {
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  std::string group = behind(root + "/proc/self/cgroup", version.line).value_or("");
  for (;; group.resize(group.rfind('/'))) {
    const auto most = behind(root + std::string(version.mount) + group + std::string(version.file), "");
    if (const auto octets = most ? number(*most) : std::nullopt) limit = std::min(limit, *octets);
    if (group.empty()) return limit;
  }
}

}  // namespace

std::uint64_t memory_limit() { return memory_limit(""); }

std::uint64_t memory_limit(const std::string& root) {
  const auto total = behind(root + "/proc/meminfo", kTotal);
  const auto kilobytes = total ? number(*total) : std::nullopt;
  std::uint64_t limit = kilobytes ? *kilobytes * 1024 : kUnknown;
  for (const Version& version : kVersions) limit = std::min(limit, limit_of(root, version));
  return limit;
}

}  // namespace mxpress::mta::system
