// A user of this host, and the permanent change to that user.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "proto/result.h"

namespace mxpress::mta::mailstore {

struct Account {
  std::string name;  // a user name: see is_user_name()
  std::string home;
  uid_t uid = 0;
};

// Asks the name service, and may block. Nullopt: there is no such user. Error (transient): unknown at the moment.
Result<std::optional<Account>> find_account(const std::string& name);

// As root: becomes the user `uid`, which is not root, with the group mail and no other, and makes sure that there is no way back: no
// capability is left, none can be gained by starting a program, and no other process of that user may look into this one. After an error
// this process must end.
Status become(uid_t uid);

}  // namespace mxpress::mta::mailstore
