// Asks the name service for users.
#include "mta/routing/local_user.h"

#include "mta/routing/aliases.h"

namespace mxpress::mta::routing {

using system::UserAnswer;

UserAnswer ask_for_user(const proto::Mailbox& mailbox) {
  UserAnswer worst = UserAnswer::unknown;
  for (const std::string& name : user_names(mailbox)) {
    const UserAnswer answer = system::ask_name_service(name);
    if (answer == UserAnswer::known) return answer;
    if (answer == UserAnswer::unavailable) worst = answer;
  }
  return worst;
}

}  // namespace mxpress::mta::routing
