// Asks the system about the caller.
#include "mta/cli/sendmail_caller.h"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <string>

namespace mxpress::mta::cli {

Caller find_caller() {
  Caller caller;
  const passwd* const account = ::getpwuid(::getuid());
  caller.login = account ? account->pw_name : "uid" + std::to_string(::getuid());
  if (account && account->pw_gecos) caller.full_name = std::string(account->pw_gecos).substr(0, std::string(account->pw_gecos).find(','));
  return caller;
}

void fill_closed_outputs() {
  for (const int output : {STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(output, F_GETFD) >= 0) continue;
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0 || nowhere == output) continue;
    ::dup2(nowhere, output);
    ::close(nowhere);
  }
}

}  // namespace mxpress::mta::cli
