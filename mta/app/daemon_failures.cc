// Collects the failures of each part.
#include "mta/app/daemon_failures.h"

#include "mta/auth/login_keeper.h"
#include "mta/config/config.h"
#include "mta/delivery/dispatcher.h"
#include "mta/events/sign_in_alarm.h"
#include "mta/intake/rate_guard.h"
#include "mta/routing/alias_book.h"
#include "mta/routing/route_files.h"
#include "mta/system/instant.h"

namespace mxpress::mta {

std::vector<std::string> failures_of(const FailingParts& parts, std::vector<std::string> failures) {
  const auto config = parts.config.get();
  for (const std::string& failure : config->route_files->failures()) failures.push_back(failure);
  if (const std::string failure = config->alias_book->files()->failure; !failure.empty())
    failures.push_back(config->local.alias_file.string() + ": " + failure + " (mxpress aliases)");
  for (const std::string& failure : parts.logins.failures()) failures.push_back(failure);
  for (const std::string& failure : parts.sign_in_alarm.failures()) failures.push_back(failure);
  for (const std::string& failure : parts.guard.failures(system::instant_now())) failures.push_back(failure);
  if (const std::size_t aside = parts.dispatcher.count_set_aside(); aside > 0)
    failures.push_back(std::to_string(aside) + " message(s) that brought mxpressd down are held (mxpress queue --state held)");
  return failures;
}

}  // namespace mxpress::mta
