// Who the daemon is: root only until its listeners are open, then an ordinary user for good; and the folders that this user needs.
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

// What is said of a folder of ours that root finds to be a symbolic link.
Error not_through_link(const boost::filesystem::path& path);

// The error says how to create a missing user. Refuses root.
Result<User> find_user(const std::string& name);

// As root: makes the spool directory (0711), the sockets' directories (0755) and, for OAuth, that of the state where they are missing, and
// gives what it made to `user`; follows no symbolic link in the last step, and touches nothing that belongs to somebody else. Otherwise:
// nothing to do.
Status prepare_directories_as_root(const Config& config, const User& user);

// As root: the same for the directory of what lasts and is no mail (0700).
Status prepare_state_directory_as_root(const Config& config, const User& user);

// As many descriptors as the system lets us have, up to 65,536: sessions, lookups and spool files each take one. An error if they are too
// few to work at all.
Status raise_descriptor_limit();

// For all threads that are started later: no program that this one might ever start could have more rights than it has itself. To be called
// before the first thread.
Status forbid_new_privileges();

// For main(), before anything is opened: closes what whoever started us has left open, but for the first `kept` behind 2, and sees that 0,
// 1 and 2 are something, so that no socket or file of ours gets one of these numbers.
void tidy_descriptors(unsigned kept = 0);

// Nothing of what is in memory, which is mail, goes into a core file, whatever the limits and the kernel's core_pattern say; nor does
// another process of our user look into it. After the last change of user.
Status forbid_core_files();

// As root: becomes `user` with its groups, and makes sure that there is no way back. Otherwise: nothing to do.
Status become_user(const User& user);

// The right to open low ports, which systemd gives to an ordinary user, and whatever else the caller may do beyond an ordinary user.
Status drop_capabilities();

// As the user that the daemon runs as: the spool directory 0711, in it drop/ 3733 and mailbox/ 0700. Everybody may pass through the spool
// directory, because everybody may leave mail in drop/, but not list it; what the daemon makes itself in there is 0700 and 0600 (umask).
Status prepare_spool_directory(const Config& config);

// All of the above in order, with umask 077 and working directory /; to be called when the listeners are open, before mail or DNS is read.
Status give_up_root(const Config& config);

}  // namespace mxpress::mta::system
