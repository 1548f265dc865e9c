// The user of the daemon: root only until its listeners are open, then permanently an ordinary user.
#include "mta/system/privileges.h"

#include "dns/validate.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "dns/validate.h"
#include "mta/system/descriptor.h"
#include "proto/printable.h"

namespace mxpress::mta::system {
namespace {

using Path = boost::filesystem::path;

constexpr rlim_t kDescriptors = 65'536;
constexpr rlim_t kFewestDescriptors = 64;  // those that the daemon itself opens, and a few sessions
constexpr mode_t kSpoolMode = 0711, kSocketsMode = 0755, kDropMode = 03733, kPrivateMode = 0700;

Error failed(const std::string& what, int error) { return Error::permanent(what + ": " + std::strerror(error)); }

// Follows no symbolic link: the owner of the folder around it must not redirect us.
int open_folder(const Path& path) { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }

bool is_empty(int folder) {
  DIR* listing = ::fdopendir(::dup(folder));
  if (!listing) return false;
  std::size_t entries = 0;
  while (const dirent* entry = ::readdir(listing))
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) ++entries;
  ::closedir(listing);
  return entries == 0;
}

enum class Made { now, before };

// Creates the folder and its parents, which stay ours with mode 0755.
Result<Made> make_folder(const Path& path) {
  Path step;
  Made last = Made::before;
  for (const Path& part : path) {
    step /= part;
    last = Made::before;
    if (::mkdir(step.c_str(), 0755) == 0) {
      last = Made::now;
      if (::chmod(step.c_str(), 0755) != 0) return failed("cannot set the mode of " + step.string(), errno);  // independent of the umask
    } else if (errno != EEXIST && errno != EISDIR && errno != EROFS) {
      return failed("cannot make " + step.string(), errno);
    }
  }
  return last;
}

// Gives the user a folder that we created, or an empty one of root's (from a package).
Status give_to_user(const Path& path, const User& user, mode_t mode) {
  const Descriptor folder(open_folder(path));
  struct stat status{};
  if (folder.get() < 0 && ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode)) return not_through_link(path);
  if (folder.get() < 0 || ::fstat(folder.get(), &status) != 0) return failed("cannot open " + path.string(), errno);
  if (status.st_uid == user.uid) return {};
  if (status.st_uid != 0 || !is_empty(folder.get()))
    return Error::permanent(path.string() + " does not belong to " + user.name + ": if it is ours, say chown -R " + user.name + ": " +
                            path.string());
  if (::fchown(folder.get(), user.uid, user.gid) != 0 || ::fchmod(folder.get(), mode) != 0)
    return failed("cannot give " + path.string() + " to " + user.name, errno);
  return {};
}

// An empty folder of root's with the user's or the program's name, from a package or an earlier start. Any other folder, such as /run
// itself, is not ours to give away.
bool is_left_for_us(const Path& path, const User& user) {
  const std::string name = path.filename().string();
  if (name != user.name && name != "mxpress") return false;
  const Descriptor folder(open_folder(path));
  struct stat status{};
  return folder.get() >= 0 && ::fstat(folder.get(), &status) == 0 && status.st_uid == 0 && is_empty(folder.get());
}

Status set_mode(const Path& path, mode_t mode) {
  const Descriptor folder(open_folder(path));
  struct stat status{};
  const bool is_open = folder.get() >= 0 && ::fstat(folder.get(), &status) == 0;
  const int error = errno;
  if (!is_open && (error != EACCES || ::lstat(path.c_str(), &status) != 0)) return failed("cannot open " + path.string(), error);
  if (status.st_uid != ::geteuid())
    return Error::permanent(path.string() + " belongs to user " + std::to_string(status.st_uid) + ", and we run as " +
                            std::to_string(::geteuid()) + ": give it to us, or set [spool] directory");
  if (!is_open) return failed("cannot open " + path.string(), error);
  if ((status.st_mode & 07777) == mode) return {};
  if (::fchmod(folder.get(), mode) != 0) return failed("cannot set the mode of " + path.string(), errno);
  return {};
}

Status make_own_folder(const Path& path, mode_t mode) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed("cannot make " + path.string(), errno);
  return set_mode(path, mode);
}

Status check_no_way_back(const User& user) {
  uid_t uid[3];
  gid_t gid[3];
  const bool known = ::getresuid(&uid[0], &uid[1], &uid[2]) == 0 && ::getresgid(&gid[0], &gid[1], &gid[2]) == 0;
  for (int i = 0; known && i < 3; ++i)
    if (uid[i] != user.uid || gid[i] != user.gid) return Error::permanent("could not become user " + user.name + " in every respect");
  if (!known || ::setuid(0) == 0) return Error::permanent("root privileges could be had back after becoming " + user.name);
  return {};
}

}  // namespace

Error not_through_link(const boost::filesystem::path& path) {
  return Error::permanent(path.string() + " is a symbolic link, and its owner could lead root elsewhere: name the folder itself");
}

bool is_root() { return ::geteuid() == 0; }

Result<User> find_user(const std::string& name) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16 * 1024);
  const int error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  const std::string shown = proto::printable(name, 64);
  if (!found)
    return Error::permanent("there is no user \"" + shown + "\"" + (error ? std::string(" (") + std::strerror(error) + ")" : "") +
                            ": create it (adduser --system --group --no-create-home " + shown +
                            "), set user = to another one in the configuration, or start mxpressd as an ordinary user");
  if (entry.pw_uid == 0) return Error::permanent("user \"" + shown + "\" is root: mail is never handled as root");
  return User{name, entry.pw_uid, entry.pw_gid};
}

Status prepare_state_directory_as_root(const Config& config, const User& user) {
  if (!is_root()) return {};
  const auto made = make_folder(config.state_directory);
  return made ? give_to_user(config.state_directory, user, kPrivateMode) : Status(made.error());
}

Status prepare_directories_as_root(const Config& config, const User& user) {
  if (!is_root()) return {};
  const auto spool = make_folder(config.spool_directory);
  if (!spool) return spool.error();
  if (Status status = give_to_user(config.spool_directory, user, kSpoolMode); !status) return status;
  for (const Path& socket : {config.listen.submission_socket, config.listen.control_socket}) {
    const auto made = make_folder(socket.parent_path());
    if (!made) return made.error();
    if (*made == Made::before && !is_left_for_us(socket.parent_path(), user)) continue;
    if (Status status = give_to_user(socket.parent_path(), user, kSocketsMode); !status) return status;
  }
  const bool has_tokens =
      std::any_of(config.credentials.begin(), config.credentials.end(), [](const auto& one) { return one.second.oauth; });
  if (has_tokens) return prepare_state_directory_as_root(config, user);
  // Without it the root's keys of DNSSEC are not kept, which the daemon reports.
  const bool has_root_keys = config.delivery.tls && config.delivery.dane && config.dns.validate != dns::Validate::never;
  if (has_root_keys) (void)prepare_state_directory_as_root(config, user);
  return {};
}

Status become_user(const User& user) {
  if (!is_root()) return {};
  if (user.uid == 0) return Error::permanent("mail is never handled as root");
  if (::initgroups(user.name.c_str(), user.gid) != 0) return failed("cannot take the groups of " + user.name, errno);
  if (::setresgid(user.gid, user.gid, user.gid) != 0) return failed("cannot take the group of " + user.name, errno);
  if (::setresuid(user.uid, user.uid, user.uid) != 0) return failed("cannot become user " + user.name, errno);
  return check_no_way_back(user);
}

Status forbid_new_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("cannot forbid new privileges", errno);
  // Only root may reduce the set; for others it has no effect any more.
  for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  return {};
}

Status drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capset, &header, none) != 0) return failed("cannot give up the capabilities", errno);
  return {};
}

Status prepare_spool_directory(const Config& config) {
  if (const auto made = make_folder(config.spool_directory); !made) return made.error();
  if (Status status = set_mode(config.spool_directory, kSpoolMode); !status) return status;
  if (Status status = make_own_folder(config.drop_directory(), kDropMode); !status) return status;
  return make_own_folder(config.mailbox_directory(), kPrivateMode);
}

Status raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  const rlim_t wanted = std::min(limit.rlim_max, kDescriptors);
  if (wanted < kFewestDescriptors)
    return Error::permanent("the limit of open files is " + std::to_string(wanted) + ", and mxpressd needs at least " +
                            std::to_string(kFewestDescriptors) + " (ulimit -n, or LimitNOFILE= of the service)");
  if (limit.rlim_cur >= wanted) return {};
  limit.rlim_cur = wanted;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return {};
}

void tidy_descriptors(unsigned kept) {
  for (const int standard : {0, 1, 2})
    if (::fcntl(standard, F_GETFD) < 0) (void)::open("/dev/null", O_RDWR);  // it gets the lowest free number: this one
  ::syscall(SYS_close_range, 3u + kept, ~0u, 0u);
}

Status forbid_core_files() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) return failed("cannot forbid core files", errno);
  // A core_pattern that is a pipe ignores the limit.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failed("cannot forbid core files", errno);
  return {};
}

Status give_up_root(const Config& config) {
  if (::chdir("/") != 0) return failed("cannot go to /", errno);
  ::umask(077);
  if (is_root()) {
    const auto user = find_user(config.user);
    if (!user) return user.error();
    if (Status status = prepare_directories_as_root(config, *user); !status) return status;
    if (Status status = become_user(*user); !status) return status;
  }
  if (Status status = drop_capabilities(); !status) return status;
  if (Status status = forbid_core_files(); !status) return status;
  return prepare_spool_directory(config);
}

}  // namespace mxpress::mta::system
