// Files of a few octets: read and replaced as a whole.
#include "queue/small_file.h"

#include <cstdio>

#include "queue/crc32c.h"

namespace mxpress::queue {

Result<std::optional<std::string>> read_small_file(Disk& disk, const Path& path) {
  const auto there = disk.exists(path);
  if (!there) return there.error();
  if (!*there) return std::optional<std::string>();
  const auto file = disk.open(path, Open::read);
  if (!file) return file.error();
  auto text = read_whole(**file, 4096);
  if (!text) return text.error();
  return std::optional<std::string>(std::move(*text));
}

Status replace_small_file(Disk& disk, const Path& path, std::string_view text) {
  const Path fresh = path.string() + ".new";
  const auto left = disk.exists(fresh);
  if (!left) return left.error();
  if (*left)
    if (auto s = disk.remove(fresh); !s) return s;
  auto file = disk.open(fresh, Open::create);
  if (!file) return file.error();
  if (auto s = (*file)->write_at(0, {text}); !s) return s;
  if (auto s = (*file)->sync(); !s) return s;
  if (auto s = disk.rename(fresh, path); !s) return s;
  return disk.sync_folder(path.parent_path());
}

std::string with_checksum(const std::string& line) {
  char crc[16];
  std::snprintf(crc, sizeof crc, " %08x\n", crc32c(line));
  return line + crc;
}

std::optional<std::string> without_checksum(std::string_view file) {
  const auto space = file.rfind(' ');
  if (space == std::string_view::npos) return std::nullopt;
  std::string line(file.substr(0, space));
  if (with_checksum(line) != file) return std::nullopt;
  return line;
}

}  // namespace mxpress::queue
