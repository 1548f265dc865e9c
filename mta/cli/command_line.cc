// The command line of mxpress as values.
#include "mta/cli/command_line.h"

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <charconv>
#include <string_view>

#include "proto/printable.h"
#include "queue/retry.h"

namespace mxpress::mta::cli {
namespace {

namespace po = boost::program_options;

constexpr std::array kCommands = {"queue",  "show",    "cat",        "hold",   "release", "retry",  "bounce", "remove",
                                  "status", "reload",  "flush",      "mailq",  "config",  "wait",   "fsck",   "dkim",
                                  "setup",  "aliases", "newaliases", "verify", "help",    "version"};
constexpr std::uint32_t kEndedLines = 100, kEndedStories = 10;
constexpr std::array kStates = {"active", "deferred", "held", "all"};

template <class List>
bool is_one_of(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

po::options_description options(CommandLine& line, std::string& older, std::string& ended, std::string& wait) {
  po::options_description description;
  description.add_options()("help,h", "")("version,V", "")("config,c", po::value<std::string>())("domain", po::value(&line.domain))(
      "sender", po::value(&line.sender))("recipient", po::value(&line.recipient))("state", po::value(&line.state))(
      "name", po::value(&line.name))("older", po::value(&older))("ended", po::value(&ended))("all", po::bool_switch(&line.all))(
      "messages", po::bool_switch(&line.messages))("json", po::bool_switch(&line.json))("dry-run,n", po::bool_switch(&line.dry_run))(
      "repair", po::bool_switch(&line.repair))("yes,y", po::bool_switch(&line.yes))("wait", po::value(&wait)->implicit_value("1h"))(
      "words", po::value<std::vector<std::string>>());
  return description;
}

Error mistake(std::string_view text) { return Error::permanent(proto::printable(text, 300)); }

bool needs_one_id(const CommandLine& line) {
  const bool is_search = line.command == "show" && line.arguments.empty() && line.has_condition();
  return !is_search && (line.command == "show" || line.command == "cat" || line.command == "wait");
}
bool takes_ids(std::string_view command) {
  return command == "queue" || command == "hold" || command == "release" || command == "retry" || command == "bounce" ||
         command == "remove";
}

bool is_dkim_command(const std::vector<std::string>& words) {
  if (words.size() == 2 && words[0] == "rotate") return true;
  if (words.size() == 1) return words[0] == "records";
  const bool has_kind = words.size() == 3 && words[2] == "ed25519";
  return !words.empty() && words[0] == "key" && (words.size() == 2 || has_kind);
}

std::optional<Error> check_setup(const CommandLine& line) {
  const bool is_setup = line.command == "setup";
  const bool is_oauth = is_setup && line.arguments.size() == 1 && line.arguments[0] == "oauth";
  if (!line.name.empty() && !is_oauth) return mistake("--name is for mxpress setup oauth");
  if ((line.yes || line.wait) && (!is_setup || is_oauth)) return mistake("--yes and --wait are for mxpress setup");
  CommandLine words = line;
  words.arguments.clear();
  if (is_oauth && words.selects()) return mistake("mxpress setup oauth takes --name only, that of a [credentials.NAME]");
  if (!is_setup || is_oauth || line.arguments.empty()) return std::nullopt;
  return mistake("mxpress setup takes options only, such as --domain example.com; or say mxpress setup oauth");
}

bool is_aliases_command(std::string_view command) { return command == "aliases" || command == "newaliases" || command == "verify"; }

std::optional<Error> check_aliases(const CommandLine& line) {
  if (!is_aliases_command(line.command)) return std::nullopt;
  CommandLine words = line;
  words.arguments.clear();
  if (words.selects() || line.json) return mistake("mxpress " + line.command + " takes names only, such as root");
  if (line.command == "newaliases" && !line.arguments.empty()) return mistake("newaliases takes no names; say mxpress aliases NAME");
  return std::nullopt;
}

// What is wrong with the words taken together; nothing if they make sense.
std::optional<Error> check(const CommandLine& line) {
  if (!is_one_of(kCommands, line.command)) return mistake("no such command: " + line.command);
  if (needs_one_id(line) && line.arguments.size() != 1)
    return mistake(line.command + " needs one queue id" + (line.command == "show" ? ", or --recipient, --sender or --domain" : ""));
  if (line.ended && line.command != "queue" && line.command != "show") return mistake("--ended is for mxpress queue and mxpress show");
  if (line.ended && !line.state.empty()) return mistake("--ended and --state exclude each other");
  if (line.command == "config" && (line.arguments.size() != 1 || (line.arguments[0] != "check" && line.arguments[0] != "show")))
    return mistake("say mxpress config check, or mxpress config show");
  if (line.command == "dkim" && !is_dkim_command(line.arguments))
    return mistake("say mxpress dkim records, mxpress dkim rotate DOMAIN, mxpress dkim key FILE, or mxpress dkim key FILE ed25519");
  if (const auto wrong = check_setup(line)) return wrong;
  if (const auto wrong = check_aliases(line)) return wrong;
  if (line.repair && line.command != "fsck") return mistake("--repair is for mxpress fsck");
  if (!takes_ids(line.command) && line.selects() && !needs_one_id(line) && line.command != "show" && line.command != "config" &&
      line.command != "dkim" && line.command != "setup" && !is_aliases_command(line.command))
    return mistake(line.command + " takes no selector");
  if (takes_ids(line.command) && line.command != "queue" && !line.selects())
    return mistake(line.command + " needs to know which messages: ids, --domain, --sender, --recipient, --older, --state or --all");
  if (!line.state.empty() && !is_one_of(kStates, line.state)) return mistake("--state is active, deferred, held or all, not " + line.state);
  return std::nullopt;
}

}  // namespace

// Who looks for an address wants to know what became of the mail for it, waiting or not.
std::uint32_t CommandLine::wanted_ended() const {
  const bool is_search = (!recipient.empty() || !sender.empty() || !arguments.empty()) && state.empty();
  return ended ? *ended : command == "show" ? kEndedStories : command == "queue" && is_search ? kEndedLines : 0;
}

bool CommandLine::has_condition() const {
  const bool is_some_state = !state.empty() && state != "all";
  return !arguments.empty() || !domain.empty() || !sender.empty() || !recipient.empty() || is_some_state || older != Duration(0);
}

bool CommandLine::selects() const { return all || !state.empty() || has_condition(); }

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  std::string older, ended, wait;
  po::variables_map values;
  try {
    po::positional_options_description words;
    words.add("words", -1);
    const auto style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(arguments).options(options(line, older, ended, wait)).positional(words).style(style).run(), values);
    po::notify(values);
  } catch (const po::error& error) {
    return mistake(error.what());
  }
  if (values.count("words")) line.arguments = values["words"].as<std::vector<std::string>>();
  if (values.count("config")) line.config = values["config"].as<std::string>();
  if (!older.empty()) {
    const auto duration = queue::parse_duration(older);
    if (!duration) return mistake("--older: " + duration.error().message);
    line.older = *duration;
  }
  if (!wait.empty()) {
    const auto duration = queue::parse_duration(wait);
    if (!duration) return mistake("--wait: " + duration.error().message);
    line.wait = *duration;
  }
  if (values.count("ended")) {
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(ended.data(), ended.data() + ended.size(), count);
    if (error != std::errc() || end != ended.data() + ended.size()) return mistake("--ended takes a number, not " + ended);
    line.ended = count;
  }
  if (values.count("help") || values.count("version")) {
    line.command = values.count("help") ? "help" : "version";
    return line;
  }
  if (line.arguments.empty()) return mistake("say what to do: mxpress queue, mxpress status, mxpress show ID ...");
  line.command = line.arguments.front();
  line.arguments.erase(line.arguments.begin());
  if (const auto wrong = check(line)) return *wrong;
  return line;
}

std::string usage() {
  return R"(Usage: mxpress [-c FILE] [--json] COMMAND

Looking:
  queue               what waits, by destination: how many, how old, next try, last reply
  queue --messages    each message; or those that a SELECTOR chooses
  queue --recipient A what waits for A, and what became of the latest that have ended (also --sender A; --ended N)
  show ID             the life of one message: who handed it in, every attempt, what comes next
  show --recipient A  the same for what there is to A, or from --sender A; also the latest that have ended
  cat ID              the message itself
  status              is the daemon well? (exit code 0: yes)
  mailq               the queue as Postfix prints it
  wait ID             returns when the message has left the queue
  config check|show   is the configuration right; what is in force
  setup               makes keys that sign mail (DKIM), and says which DNS records this host's mail needs and has; --domain D,
                      --yes: asks nothing, --wait[=1h]: until the DNS has them
  setup oauth         lets mxpressd sign in at a provider without a password (--name NAME, of [credentials.NAME])
  dkim records        the DNS records of the keys that sign; dkim key FILE makes a key (dkim key FILE ed25519: of that kind);
                      dkim rotate DOMAIN: new keys that take over once their records are there
  aliases [NAME...]   what is wrong with the aliases; with names: where the mail for them goes
  fsck                is the spool damaged? Reads all of it while mxpressd is stopped, and writes nothing

Acting (--dry-run: only say on what):
  hold SELECTOR       no more attempts until released
  release SELECTOR    end of hold
  retry SELECTOR      try now
  bounce SELECTOR     give up and tell the sender
  remove SELECTOR     forget, and tell nobody
  flush               retry --all
  reload              read the configuration again
  fsck --repair       repair the spool while mxpressd is stopped; what is damaged is set aside, nothing is removed

SELECTOR, all of what is given: ID... --domain D --sender A|'<>' --recipient A --older 2h --state active|deferred|held|all --all

Exit codes: 0 done, 1 nothing matched or something is wrong, 2 usage, 3 neither daemon nor spool can be reached, 4 not allowed, 5 failed,
6 fsck --repair: was damaged, and is in order again
)";
}

}  // namespace mxpress::mta::cli
