// The command line of mxpress as values.
#include "mta/cli/command_line.h"

#include <pwd.h>

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <charconv>
#include <string_view>

#include "mta/cli/command_table.h"
#include "mta/cli/completion.h"
#include "mta/cli/notices_command.h"
#include "mta/cli/replies_command.h"
#include "mta/migrate/programs.h"
#include "proto/printable.h"
#include "queue/retry.h"

namespace mxpress::mta::cli {
namespace {

namespace po = boost::program_options;

// Beside those of the table: of sendmail by its other names, and of options.
constexpr std::array kOtherCommands = {"newaliases", "verify", "help", "version"};
// Commands that check their words and selectors themselves.
constexpr std::array kWithOwnWords = {"aliases", "check",  "completion", "config",     "debug",   "dialogue", "dkim",
                                      "doctor",  "import", "mailbox",    "newaliases", "notices", "replies",  "setup",
                                      "show",    "tail",   "tls",        "trace",      "verify",  "why"};
constexpr std::uint32_t kEndedLines = 100, kEndedStories = 10;
constexpr std::array kStates = {"active", "deferred", "held", "all"};

template <class List>
bool is_one_of(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Option texts that are parsed after all options are read.
struct Texts {
  std::string older, ended, wait, uid;
};

po::options_description options(CommandLine& line, Texts& texts) {
  po::options_description description;
  description.add_options()("help,h", "")("version,V", "")("config,c", po::value<std::string>())("domain", po::value(&line.domain))(
      "sender", po::value(&line.sender))("recipient", po::value(&line.recipient))("state", po::value(&line.state))(
      "name", po::value(&line.name))("own", po::value(&line.own))("dns", po::bool_switch(&line.dns))("uid", po::value(&texts.uid))(
      "older", po::value(&texts.older))("ended", po::value(&texts.ended))("all", po::bool_switch(&line.all))(
      "messages", po::bool_switch(&line.messages))("json", po::bool_switch(&line.json))("dry-run,n", po::bool_switch(&line.dry_run))(
      "repair", po::bool_switch(&line.repair))("alert", po::bool_switch(&line.alert))("last", po::bool_switch(&line.last))(
      "force", po::bool_switch(&line.force))("retry", po::bool_switch(&line.retry))("from", po::value<std::string>())(
      "message", po::value<std::string>())("yes,y", po::bool_switch(&line.yes))("wait", po::value(&texts.wait)->implicit_value("1h"))(
      "words", po::value<std::vector<std::string>>());
  return description;
}

// A number, or the name of a user of this host.
std::optional<std::int64_t> uid_of(const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  const passwd* const entry = ::getpwnam(text.c_str());
  return entry ? std::optional<std::int64_t>(entry->pw_uid) : std::nullopt;
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

bool is_mailbox_command(const std::vector<std::string>& words) {
  if (words.size() == 2 && words[0] == "cat") return true;
  return !words.empty() && ((words[0] == "list" && words.size() == 1) || words[0] == "deliver");
}

std::optional<Error> check_setup(const CommandLine& line) {
  const bool is_setup = line.command == "setup";
  const bool is_oauth = is_setup && line.arguments.size() == 1 && line.arguments[0] == "oauth";
  if (!line.name.empty() && !is_oauth) return mistake("--name is for mxpress setup oauth");
  const bool asks = (is_setup && !is_oauth) || line.command == "import";
  if (line.yes && !asks) return mistake("--yes is for mxpress setup and mxpress import");
  if (line.wait && (!is_setup || is_oauth) && line.command != "debug") return mistake("--wait is for mxpress setup and mxpress debug");
  CommandLine words = line;
  words.arguments.clear();
  if (is_oauth && words.selects()) return mistake("mxpress setup oauth takes --name only, that of a [credentials.NAME]");
  if (!is_setup || is_oauth || line.arguments.empty()) return std::nullopt;
  return mistake("mxpress setup takes options only, such as --domain example.com; or say mxpress setup oauth");
}

std::optional<Error> check_import(const CommandLine& line) {
  const bool is_import = line.command == "import";
  if (line.force && !is_import) return mistake("--force is for mxpress import");
  if (line.from && !is_import && line.command != "check") return mistake("--from is for mxpress import and mxpress check");
  if (!is_import) return std::nullopt;
  CommandLine words = line;
  words.arguments.clear();
  const auto known = migrate::old_programs();
  const bool is_known = line.arguments.empty() ||
                        (line.arguments.size() == 1 &&
                         std::any_of(known.begin(), known.end(), [&](const auto& one) { return one.name == line.arguments.front(); }));
  if (is_known && !words.selects() && !line.json) return std::nullopt;
  return mistake(
      "mxpress import takes one of postfix, exim, dma, msmtp, ssmtp, nullmailer, or no name; --from, --yes, --force and --dry-run");
}

std::optional<Error> check_trace(const CommandLine& line) {
  const bool is_trace = line.command == "trace";
  if ((!line.own.empty() || line.dns) && !is_trace) return mistake("--own and --dns are for mxpress trace");
  if (!is_trace) return std::nullopt;
  CommandLine words = line;
  words.arguments.clear();
  if (line.arguments.size() == 1 && !words.selects()) return std::nullopt;
  return mistake("say mxpress trace FILE, or mxpress trace - to read standard input; with --own, --dns and --json");
}

std::optional<Error> check_doctor(const CommandLine& line) {
  if (line.alert && line.command != "doctor") return mistake("--alert is for mxpress doctor");
  if (line.command != "doctor") return std::nullopt;
  CommandLine others = line;
  others.domain.clear();
  if (others.selects()) return mistake("mxpress doctor takes --domain, --json and --alert only");
  return std::nullopt;
}

// "  show ID             the history of ...", with further lines below the text.
std::string line_of(const CommandRow& row) {
  constexpr std::size_t kColumn = 22;
  std::string line = "  " + std::string(row.words);
  line.resize(std::max(kColumn, line.size() + 1), ' ');
  for (const char c : row.text) line += c == '\n' ? "\n" + std::string(kColumn, ' ') : std::string(1, c);
  return line + "\n";
}

std::optional<Error> check_check(const CommandLine& line) {
  if (line.command != "check") return line.message ? std::optional(mistake("--message is for mxpress check")) : std::nullopt;
  CommandLine words = line;
  words.arguments.clear();
  if (line.arguments.size() == 1 && !words.selects()) return std::nullopt;
  return mistake("say mxpress check ADDRESS, perhaps with --from ADDRESS of the sender, and --message FILE");
}

std::optional<Error> check_why(const CommandLine& line) {
  if (line.command != "why") return line.last ? std::optional(mistake("--last is for mxpress why")) : std::nullopt;
  CommandLine words = line;
  words.arguments.clear();
  if (line.arguments.size() == (line.last ? 0 : 1) && !words.selects()) return std::nullopt;
  return mistake("say mxpress why with a queue id, an address or a Message-ID, or mxpress why --last");
}

std::optional<Error> check_conversation(const CommandLine& line) {
  if (line.retry && line.command != "debug") return mistake("--retry is for mxpress debug");
  CommandLine words = line;
  words.arguments.clear();
  words.all = false;
  if (line.command == "dialogue" && (line.arguments.size() != 1 || words.selects()))
    return mistake("say mxpress dialogue with a queue id; --all: all attempts");
  if (line.command == "debug" && (line.arguments.size() != 1 || words.selects() || line.all))
    return mistake("say mxpress debug with an address, @DOMAIN or a queue id; --retry, --wait 5m");
  words.uid.reset();
  if (line.command == "tail" && (line.arguments.size() > 1 || words.selects() || line.all))
    return mistake("say mxpress tail, perhaps with an address, @DOMAIN or a queue id, and --uid USER");
  return std::nullopt;
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

// The error in the combination of the words; nullopt if it is valid.
std::optional<Error> check(const CommandLine& line) {
  if (!is_one_of(command_names(), line.command) && !is_one_of(kOtherCommands, line.command))
    return mistake("no such command: " + line.command);
  if (line.command == "send") return mistake("only -c FILE may stand in front of send; its own options follow it");
  if (needs_one_id(line) && line.arguments.size() != 1)
    return mistake(line.command + " needs one queue id" + (line.command == "show" ? ", or --recipient, --sender or --domain" : ""));
  if (line.ended && line.command != "queue" && line.command != "show") return mistake("--ended is for mxpress queue and mxpress show");
  if (line.ended && !line.state.empty()) return mistake("--ended and --state exclude each other");
  if (line.command == "config" && (line.arguments.size() != 1 || (line.arguments[0] != "check" && line.arguments[0] != "show")))
    return mistake("say mxpress config check, or mxpress config show");
  if (line.command == "completion" && (line.arguments.size() != 1 || completion_for(line.arguments[0]).empty()))
    return mistake("say mxpress completion bash, zsh or fish");
  if (line.command == "dkim" && !is_dkim_command(line.arguments))
    return mistake("say mxpress dkim records, mxpress dkim rotate DOMAIN, mxpress dkim key FILE, or mxpress dkim key FILE ed25519");
  if (line.command == "replies")
    if (const auto wrong = mistake_in_replies(line.arguments)) return mistake(*wrong);
  if (line.command == "notices")
    if (const auto wrong = mistake_in_notices(line.arguments)) return mistake(*wrong);
  if (line.command == "mailbox" && !is_mailbox_command(line.arguments))
    return mistake("say mxpress mailbox list, mxpress mailbox cat ID, or mxpress mailbox deliver [ID...]");
  if (line.command == "tls" && line.arguments.size() != 1) return mistake("say mxpress tls DOMAIN");
  if (const auto wrong = check_check(line)) return wrong;
  if (const auto wrong = check_setup(line)) return wrong;
  if (const auto wrong = check_import(line)) return wrong;
  if (const auto wrong = check_doctor(line)) return wrong;
  if (const auto wrong = check_aliases(line)) return wrong;
  if (const auto wrong = check_trace(line)) return wrong;
  if (const auto wrong = check_why(line)) return wrong;
  if (const auto wrong = check_conversation(line)) return wrong;
  if (line.repair && line.command != "fsck") return mistake("--repair is for mxpress fsck");
  if (!takes_ids(line.command) && line.selects() && !needs_one_id(line) && !is_one_of(kWithOwnWords, line.command))
    return mistake(line.command + " takes no selector");
  if (takes_ids(line.command) && line.command != "queue" && !line.selects())
    return mistake(line.command + " needs to know which messages: ids, --domain, --sender, --recipient, --uid, --older, --state or --all");
  if (!line.state.empty() && !is_one_of(kStates, line.state)) return mistake("--state is active, deferred, held or all, not " + line.state);
  return std::nullopt;
}

}  // namespace

// A search for an address includes ended messages, to show the result of its mail.
std::uint32_t CommandLine::wanted_ended() const {
  const bool is_search = (!recipient.empty() || !sender.empty() || !arguments.empty()) && state.empty();
  return ended ? *ended : command == "show" ? kEndedStories : command == "queue" && is_search ? kEndedLines : 0;
}

bool CommandLine::has_condition() const {
  const bool is_some_state = !state.empty() && state != "all";
  return !arguments.empty() || !domain.empty() || !sender.empty() || !recipient.empty() || uid || is_some_state || older != Duration(0);
}

bool CommandLine::selects() const { return all || !state.empty() || has_condition(); }

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  Texts texts;
  po::variables_map values;
  try {
    po::positional_options_description words;
    words.add("words", -1);
    const auto style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(arguments).options(options(line, texts)).positional(words).style(style).run(), values);
    po::notify(values);
  } catch (const po::error& error) {
    return mistake(error.what());
  }
  if (values.count("words")) line.arguments = values["words"].as<std::vector<std::string>>();
  if (values.count("from")) line.from = values["from"].as<std::string>();
  if (values.count("message")) line.message = values["message"].as<std::string>();
  if (values.count("config")) line.config = values["config"].as<std::string>();
  if (!texts.uid.empty()) {
    line.uid = uid_of(texts.uid);
    if (!line.uid) return mistake("--uid: this host has no user " + texts.uid);
  }
  if (!texts.older.empty()) {
    const auto duration = queue::parse_duration(texts.older);
    if (!duration) return mistake("--older: " + duration.error().message);
    line.older = *duration;
  }
  if (!texts.wait.empty()) {
    const auto duration = queue::parse_duration(texts.wait);
    if (!duration) return mistake("--wait: " + duration.error().message);
    line.wait = *duration;
  }
  if (values.count("ended")) {
    std::uint32_t count = 0;
    const std::string& text = texts.ended;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size()) return mistake("--ended takes a number, not " + text);
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
  std::string text = "Usage: mxpress [-c FILE] [--json] COMMAND\n\nLooking:\n";
  for (const CommandRow& row : looking_commands()) text += line_of(row);
  text += "\nActing (--dry-run: only say on what):\n";
  for (const CommandRow& row : acting_commands()) text += line_of(row);
  return text + R"(
SELECTOR, all of what is given: ID... --domain D --sender A|'<>' --recipient A --uid USER --older 2h --state active|deferred|held|all --all

Exit codes: 0 done, 1 nothing matched or something is wrong, 2 usage, 3 neither daemon nor spool can be reached, 4 not allowed, 5 failed,
6 fsck --repair: was damaged, and is in order again; check: 0 accepted, 69 refused, 75 would wait, 1 not
found out; doctor: 75 nothing is wrong, as far as could be told; why: 75 mxpressd does not run;
debug: 0 delivered, 75 deferred, 69 refused
)";
}

}  // namespace mxpress::mta::cli
