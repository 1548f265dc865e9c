// Files of a few octets: read and replaced as a whole.
#include "queue/small_file.h"

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

}  // namespace mxpress::queue
