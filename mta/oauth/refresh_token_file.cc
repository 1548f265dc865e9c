// Refresh tokens on disk.
#include "mta/oauth/refresh_token_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "mta/auth/password.h"
#include "mta/system/atomic_file.h"
#include "mta/system/private_file.h"

namespace mxpress::mta::oauth {
namespace {

constexpr const char* kFolder = "oauth";

Error cannot_write(const boost::filesystem::path& path) {
  const std::string why = std::strerror(errno);
  const bool is_forbidden = errno == EACCES || errno == EPERM;
  return Error::transient("cannot write " + path.string() + ": " + why +
                          (is_forbidden ? " (run it as root, or as the user of mxpressd)" : "; is state_directory there?"));
}

}  // namespace

RefreshTokenFile::RefreshTokenFile(const boost::filesystem::path& state_directory, const std::string& name)
    : name_(name), file_(state_directory / kFolder / name) {}

Result<system::Descriptor> RefreshTokenFile::hold() const {
  const auto folder = file_.parent_path();
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return cannot_write(folder);
  const std::string path = file_.string() + ".lock";  // no NAME has a dot
  system::Descriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.is_open()) return cannot_write(path);
  while (::flock(lock.get(), LOCK_EX) != 0)
    if (errno != EINTR) return cannot_write(path);
  return lock;
}

Result<auth::Secret> RefreshTokenFile::read() const {
  if (::access(file_.c_str(), F_OK) != 0 && errno == ENOENT)
    return Error::permanent("there is no refresh token yet: run mxpress setup oauth --name " + name_);
  auto text = system::read_private_file(file_.string(), "the refresh token");
  if (!text) return text.error();
  return auth::password_in(*text, "the refresh token " + file_.string());
}

Status RefreshTokenFile::write(const auth::Secret& token) const { return system::replace_file(file_, token.reveal(), {.mode = 0600}); }

}  // namespace mxpress::mta::oauth
