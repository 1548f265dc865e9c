// Memory of the machine and of the cgroup.
#include "mta/host/memory_limit.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <string_view>

namespace mxpress::mta::host {
namespace {

constexpr std::uint64_t kUnknown = std::uint64_t{1} << 30;  // octets; of a machine that does not say
constexpr std::string_view kTotal = "MemTotal:";
constexpr std::string_view kUnified = "0::";  // the line of cgroup version 2, cgroups(7)

std::optional<std::uint64_t> number(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

// The rest of the first line that begins so.
std::optional<std::string> line_of(const std::string& path, std::string_view begin) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(begin)) return line.substr(begin.size());
  return std::nullopt;
}

}  // namespace

std::uint64_t memory_limit() { return memory_limit(""); }

std::uint64_t memory_limit(const std::string& root) {
  const auto total = line_of(root + "/proc/meminfo", kTotal);
  const auto kilobytes = total ? number(*total) : std::nullopt;
  std::uint64_t limit = kilobytes ? *kilobytes * 1024 : kUnknown;
  std::string group = line_of(root + "/proc/self/cgroup", kUnified).value_or("");
  for (; group.size() > 1; group.resize(group.rfind('/'))) {
    const auto most = line_of(root + "/sys/fs/cgroup" + group + "/memory.max", "");
    if (const auto octets = most ? number(*most) : std::nullopt) limit = std::min(limit, *octets);
  }
  return limit;
}

}  // namespace mxpress::mta::host
