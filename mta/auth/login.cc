// Reads passwords from their files.
#include "mta/auth/login.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "mta/config/route_config.h"
#include "mta/system/descriptor.h"

namespace mxpress::mta::auth {
namespace {

constexpr std::size_t kMaxFile = 64 * 1024;  // octets; tokens have some thousand

Error refused(const std::string& path, const std::string& why) { return Error::permanent("the password file " + path + " " + why); }

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

Status check_kind(const std::string& path, const struct stat& file) {
  if (S_ISDIR(file.st_mode)) return refused(path, "is a directory");
  if (!S_ISREG(file.st_mode)) return refused(path, "is no plain file");
  if ((file.st_mode & 07) != 0)
    return refused(path, "can be used by everybody (mode " + octal(file.st_mode) + "): chown root:mxpress it, and chmod 640");
  if (file.st_size > static_cast<off_t>(kMaxFile)) return refused(path, "is over 64 KiB: that is no password");
  return {};
}

Result<std::string> read_all(const std::string& path, int descriptor) {
  std::string text(kMaxFile + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(descriptor, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refused(path, std::string("cannot be read: ") + std::strerror(errno));
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  std::string result = text.substr(0, size);
  wipe(text);
  return result;
}

// Blanks belong to the password; the end of the line does not.
Result<Secret> secret_of(const std::string& path, std::string text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  Secret secret(text);
  const bool has_lines = text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos;
  const bool is_empty = text.empty();
  wipe(text);
  if (is_empty) return refused(path, "is empty: write the password into it, in one line");
  if (has_lines) return refused(path, "has more than one line: it must have the password alone");
  return secret;
}

// A credential of systemd: LoadCredential=NAME:/path in the unit. systemd.exec(5)
Result<std::string> credential_path(const std::string& name) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder && name.find('/') == name.npos) return std::string(folder) + "/" + name;
  return Error::permanent("there is no credential " + name + " of systemd: add LoadCredential=" + name +
                          ":/path/of/the/password to the service (systemctl edit mxpress), and restart it");
}

}  // namespace

void wipe(std::string& text) {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

Result<Secret> read_secret(const std::string& path) {
  system::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.is_open() && errno == EACCES)
    return refused(path, "cannot be read by mxpressd: chown root:mxpress it, and chmod 640, and its folder must let the group mxpress in");
  if (!file.is_open()) return refused(path, std::string("cannot be opened: ") + std::strerror(errno));
  struct stat status;
  if (::fstat(file.get(), &status) != 0) return refused(path, std::string("cannot be read: ") + std::strerror(errno));
  if (const Status kind = check_kind(path, status); !kind) return kind.error();
  auto text = read_all(path, file.get());
  if (!text) return text.error();
  return secret_of(path, std::move(*text));
}

Login load_login(const std::string& name, const CredentialsConfig& config) {
  Login login{name, config.user, {}, {}, config.mechanisms, config.allow_cleartext};
  const auto path =
      config.password_file ? Result<std::string>(config.password_file->string()) : credential_path(config.password_credential);
  auto secret = path ? read_secret(*path) : Result<Secret>(path.error());
  if (secret)
    login.password = std::move(*secret);
  else
    login.failure = secret.error().message;
  return login;
}

}  // namespace mxpress::mta::auth
