// Reads the files that a configuration names.
#include "mta/app/read_files.h"

#include <utility>

#include "mta/auth/login_keeper.h"
#include "mta/config/config.h"
#include "mta/languages/current_languages.h"
#include "mta/replies/current_rules.h"
#include "mta/routing/alias_watch.h"
#include "mta/routing/route_files.h"
#include "mta/system/log.h"

namespace mxpress::mta {
namespace {

// A replacement with a mistake is told here and in `mxpress status`.
void read_rules(Config& config) {
  replies::CurrentRules rules = replies::current_rules(config);
  config.replies = std::move(rules.rules);
  if (rules.failure.empty()) return;
  config.warnings.push_back(rules.failure + "; the rules of mxpress are used instead (mxpress replies check)");
  log(LogLine(Priority::error, "replies").add("reason", config.warnings.back()));
}

void read_languages(Config& config) {
  languages::CurrentLanguages current = languages::current_languages(config);
  config.languages = std::move(current.languages);
  if (!current.failure.empty())
    config.warnings.push_back(current.failure + "; the texts of mxpress are used instead (mxpress notices check)");
  if (!config.notices_language.empty() && !config.languages->find(config.notices_language))
    config.warnings.push_back("[notices] language: there are no texts for \"" + config.notices_language + "\"; notices are in English");
}

void say_local_delivery(Config& config) {
  choose_local_delivery(config);
  log(LogLine(Priority::notice, "local").add("deliver", config.local.delivery().to_string()));
}

}  // namespace

void read_files(Config& config, auth::LoginKeeper& logins, routing::AliasWatch& aliases) {
  config.alias_book = aliases.watch(config);
  config.route_files = routing::RouteFiles::load(config, logins.configure(config));
  for (const std::string& failure : config.route_files->failures()) log(LogLine(Priority::alert, "route").add("reason", failure));
  read_rules(config);
  read_languages(config);
  say_local_delivery(config);
}

void log_warnings(const Config& config) {
  for (const auto& warning : config.warnings) log(LogLine(Priority::warning, "configuration").add("note", warning));
}

}  // namespace mxpress::mta
