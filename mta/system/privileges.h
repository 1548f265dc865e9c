// The user of the daemon: root only until its listeners are open, then permanently an ordinary user; and this user's folders.
#pragma once

#include <sys/types.h>

#include <string>

#include "mta/config/config.h"
#include "proto/result.h"

namespace mxpress::mta::system {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

bool is_root();

// The error for a folder of ours that is a symbolic link.
Error not_through_link(const boost::filesystem::path& path);

// The error has the command to create a missing user. Refuses root.
Result<User> find_user(const std::string& name);

// As root: creates the missing ones of the spool directory (0711), the sockets' directories (0755) and, for OAuth, the state directory, and
// gives those that it created to `user`; follows no symbolic link in the last step, and touches nothing that belongs to somebody else.
// Without root it does nothing.
Status prepare_directories_as_root(const Config& config, const User& user);

// As root: the same for the directory of permanent data other than mail (0700).
Status prepare_state_directory_as_root(const Config& config, const User& user);

// Raises the limit of descriptors as far as the system allows, up to 65,536: sessions, lookups and spool files each take one. An error if
// they are too few to work at all.
Status raise_descriptor_limit();

// For all threads started later: no program that this one might start could have more rights than it has itself. Call it before the first
// thread.
Status forbid_new_privileges();

// For main(), before anything is opened: closes descriptors inherited from the parent, except the first `kept` after 2, and opens 0, 1 and
// 2 if they are closed, so that no socket or file of ours gets one of these numbers.
void tidy_descriptors(unsigned kept = 0);

// Keeps memory, which contains mail, out of core files, regardless of the limits and the kernel's core_pattern, and away from other
// processes of our user. Call it after the last change of user.
Status forbid_core_files();

// As root: becomes `user` with its groups, and makes sure that there is no way back. Without root it does nothing.
Status become_user(const User& user);

// Drops the right to open low ports, which systemd gives to an ordinary user, and all other capabilities.
Status drop_capabilities();

// As the daemon's user: the spool directory 0711, in it drop/ 3733 and mailbox/ 0700. Everybody may pass through the spool directory,
// because everybody may leave mail in drop/, but not list it; files and folders that the daemon creates in it are 0600 and 0700 (umask).
Status prepare_spool_directory(const Config& config);

// All of the above in order, with umask 077 and working directory /; call it when the listeners are open, before mail or DNS is read.
Status give_up_root(const Config& config);

}  // namespace mxpress::mta::system
