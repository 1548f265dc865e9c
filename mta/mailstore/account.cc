// Finds users, and becomes one.
#include "mta/mailstore/account.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "mta/mailstore/request.h"

namespace mxpress::mta::mailstore {
namespace {

constexpr std::size_t kEntry = 64u << 10;  // octets of an entry in the name service

Error failed(const char* what) { return Error::transient(std::string("cannot ") + what + ": " + std::strerror(errno)); }

// getpwnam_r(3) returns these if there is no such user.
bool means_unknown(int error) { return error == 0 || error == ENOENT || error == ESRCH; }

Result<gid_t> group_of_mail() {
  std::vector<char> buffer(kEntry);
  group entry{};
  group* found = nullptr;
  ::getgrnam_r("mail", &entry, buffer.data(), buffer.size(), &found);
  return found ? Result<gid_t>(entry.gr_gid) : Result<gid_t>(Error::transient("this host has no group mail"));
}

bool has_no_capability() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capget, &header, sets) != 0) return false;
  for (const auto& set : sets)
    if (set.effective != 0 || set.permitted != 0 || set.inheritable != 0) return false;
  return true;
}

bool has_no_way_back(uid_t uid, gid_t gid) {
  uid_t users[3];
  gid_t groups[3];
  if (::getresuid(&users[0], &users[1], &users[2]) != 0 || ::getresgid(&groups[0], &groups[1], &groups[2]) != 0) return false;
  for (int i = 0; i < 3; ++i)
    if (users[i] != uid || groups[i] != gid) return false;
  return ::getgroups(0, nullptr) == 0 && has_no_capability() && ::setuid(0) != 0 && ::setgid(0) != 0 &&
         ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
}

}  // namespace

Result<std::optional<Account>> find_account(const std::string& name) {
  std::vector<char> buffer(kEntry);
  passwd entry{};
  passwd* found = nullptr;
  const int error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (!found && means_unknown(error)) return std::optional<Account>();
  if (!found) return Error::transient("cannot look up the user " + name + ": " + std::strerror(error));
  if (!is_user_name(entry.pw_name)) return Error::transient("the name service calls the user " + name + " by a name that cannot be used");
  return std::optional<Account>({entry.pw_name, entry.pw_dir, entry.pw_uid});
}

Status become(uid_t uid) {
  const auto mail = group_of_mail();
  if (!mail) return mail.error();
  if (uid == 0) return Error::transient("mail is never delivered as root");
  ::umask(007);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("forbid new privileges");
  if (::setgroups(0, nullptr) != 0) return failed("leave all groups");
  if (::setresgid(*mail, *mail, *mail) != 0) return failed("take the group mail");
  if (::setresuid(uid, uid, uid) != 0) return failed("become the user");
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failed("forbid a look inside");
  return has_no_way_back(uid, *mail) ? Status() : Status(Error::transient("root privileges could be had back"));
}

}  // namespace mxpress::mta::mailstore
