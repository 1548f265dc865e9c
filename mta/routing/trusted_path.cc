// Checks each folder and link of a path.
#include "mta/routing/trusted_path.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace mxpress::mta::routing {
namespace {

std::string why_part_untrusted(const std::string& part, uid_t owner) {
  struct stat found{};
  if (::lstat(part.c_str(), &found) != 0) return part + ": " + std::strerror(errno);
  const bool is_folder = S_ISDIR(found.st_mode);
  const std::string what = (is_folder ? "its folder " : "") + part;
  if (found.st_uid != 0 && found.st_uid != owner) return what + " belongs neither to root nor to the owner of the aliases";
  const bool others_write = is_folder && (found.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (found.st_mode & S_ISVTX) == 0;
  return others_write ? what + " may be changed by others than its owner (chmod go-w)" : std::string();
}

std::string why_parts_untrusted(const std::string& path, uid_t owner) {
  for (auto end = path.find('/', 1);; end = path.find('/', end + 1)) {
    if (std::string why = why_part_untrusted(path.substr(0, end), owner); !why.empty()) return why;
    if (end == path.npos) return {};
  }
}

}  // namespace

// Checks the folders of the path itself, and those that its links lead to.
std::string why_path_untrusted(const std::string& path, uid_t owner) {
  if (std::string why = why_part_untrusted("/", owner); !why.empty()) return why;
  if (std::string why = why_parts_untrusted(path, owner); !why.empty()) return why;
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  return real ? why_parts_untrusted(real.get(), owner) : path + ": " + std::strerror(errno);
}

}  // namespace mxpress::mta::routing
