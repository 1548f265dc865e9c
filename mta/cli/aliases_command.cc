// Checks and resolves aliases.
#include "mta/cli/aliases_command.h"

#include <ostream>

#include "mta/config/config.h"
#include "mta/routing/alias_book.h"
#include "mta/routing/alias_watch.h"
#include "mta/routing/aliases.h"
#include "mta/routing/local_user.h"
#include "mta/system/user_lookup.h"
#include "proto/command_recipient.h"
#include "proto/printable.h"
#include "proto/spelling.h"

namespace mxpress::mta::cli {
namespace {

using system::UserAnswer;

std::string shown(std::string_view text) { return proto::printable(text, 1000); }

std::string unknown_user(const Config& config, const proto::Mailbox& mailbox) {
  proto::NearMiss search(routing::user_names(mailbox).back());
  for (const std::string& name : system::names_in_passwd()) search.offer(name);
  routing::offer_aliases(config, search);
  const std::string words = "no user " + shown(mailbox.plain_local_part()) + " on this host";
  return search.nearest().empty() ? words : words + "; did you mean " + shown(search.nearest()) + "?";
}

class AliasesCommand {
 public:
  AliasesCommand(const Config& config, Streams streams)
      : config_(config), book_(*config.alias_book), out_(streams.out), error_(streams.error) {}

  // Returns true if the mail for each of them has a destination.
  bool resolve(const std::vector<std::string>& names);
  // Prints all problems.
  void check();
  bool has_mistakes() const { return mistakes_ > 0; }
  bool is_unreadable() const { return !book_.files()->failure.empty(); }

 private:
  bool resolve(const std::string& name);
  bool show(const proto::Mailbox& target);
  void mistake(const std::string& where, const std::string& text);
  void check_include(const std::string& path, const routing::AliasInclude& include);

  const Config& config_;
  const routing::AliasBook& book_;
  std::ostream& out_;
  std::ostream& error_;
  std::size_t mistakes_ = 0;
};

void AliasesCommand::mistake(const std::string& where, const std::string& text) {
  ++mistakes_;
  error_ << shown(where) << ": " << shown(text) << "\n";
}

void AliasesCommand::check_include(const std::string& path, const routing::AliasInclude& include) {
  if (!include.failure.empty()) mistake(path, include.failure);
  for (const proto::AliasTarget& target : include.targets)
    if (target.kind == proto::AliasTarget::Kind::mistake) mistake(path + ":" + std::to_string(target.line), target.text);
}

void AliasesCommand::check() {
  const auto files = book_.files();
  const std::string file = book_.file().string();
  if (!files->failure.empty()) mistake(file, files->failure);
  for (const proto::AliasMistake& one : files->table->mistakes) mistake(file + ":" + std::to_string(one.line), one.text);
  for (const auto& [path, include] : files->includes) check_include(path, *include);
  if (file.empty()) {
    out_ << "There is no file of aliases ([local] alias_file = \"\").\n";
  } else {
    out_ << shown(file) << ": " << files->table->names.size()
         << " aliases; mxpressd reads the file when it changes: nothing has to be built.\n";
  }
  if (!config_.local.aliases.empty()) out_ << "[local] aliases: " << config_.local.aliases.size() << " aliases, which come first.\n";
}

bool AliasesCommand::show(const proto::Mailbox& target) {
  if (const auto command = proto::alias_command(target)) {
    out_ << "  command " << command->number << " of the alias " << shown(command->alias) << "\n";
    return true;
  }
  if (proto::discarding_alias(target)) {
    out_ << "  nobody: the mail is thrown away (:blackhole:)\n";
    return true;
  }
  const bool is_local = config_.is_local(target.domain());
  const UserAnswer answer = is_local ? routing::ask_for_user(target) : UserAnswer::known;
  out_ << "  " << shown(target.to_string());
  if (is_local && answer == UserAnswer::known) out_ << " (stays on this host)";
  if (answer == UserAnswer::unknown) out_ << " (" << unknown_user(config_, target) << ")";
  if (answer == UserAnswer::unavailable) out_ << " (the name service does not say whether there is such a user)";
  out_ << "\n";
  return answer != UserAnswer::unknown || config_.local.unknown_users == UnknownUsers::keep;
}

bool AliasesCommand::resolve(const std::string& name) {
  const auto mailbox = proto::Mailbox::parse_qualifying(name, config_.own_domain());
  if (!mailbox) return error_ << "mxpress: " << shown(name) << ": " << mailbox.error().message << "\n", false;
  const routing::AliasExpansion expansion = routing::expand_alias(config_, *mailbox, config_.max_recipients);
  const bool keeps = config_.local.unknown_users == UnknownUsers::keep;
  if (expansion.caught && !keeps && routing::ask_for_user(*expansion.caught) == UserAnswer::unknown)
    return error_ << "mxpress: " << unknown_user(config_, *expansion.caught) << "\n", false;
  out_ << shown(mailbox->to_string()) << "\n";
  bool goes_somewhere = false;
  for (const proto::Mailbox& target : expansion.mailboxes) goes_somewhere = show(target) || goes_somewhere;
  for (const std::string& reason : expansion.refused) out_ << "  left out: " << shown(reason) << "\n";
  if (!expansion.deferred.empty()) out_ << "  waits: " << shown(expansion.deferred) << "\n";
  if (expansion.is_too_many) out_ << "  leads to more than " << config_.max_recipients << " recipients (max_recipients)\n";
  return goes_somewhere && expansion.deferred.empty() && !expansion.is_too_many;
}

bool AliasesCommand::resolve(const std::vector<std::string>& names) {
  bool all = true;
  for (const std::string& name : names) all = resolve(name) && all;
  return all;
}

}  // namespace

ExitCode run_aliases(const CommandLine& line, const Config& configured, Streams streams) {
  Config config = configured;
  config.alias_book = routing::read_aliases(config);
  AliasesCommand command(config, streams);
  if (!line.arguments.empty() && command.resolve(line.arguments)) return ExitCode::ok;
  if (!line.arguments.empty()) return line.command == "verify" ? ExitCode::no_user : ExitCode::nothing_matched;
  command.check();
  const bool is_sendmails = line.command == "newaliases";
  if (command.is_unreadable()) return is_sendmails ? ExitCode::configuration : ExitCode::failed;
  if (command.has_mistakes()) return is_sendmails ? ExitCode::data : ExitCode::nothing_matched;
  return ExitCode::ok;
}

}  // namespace mxpress::mta::cli
