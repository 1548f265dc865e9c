// The table of commands and options.
#include "mta/cli/command_table.h"

#include <algorithm>

namespace mxpress::mta::cli {
namespace {

constexpr CommandRow kLooking[] = {
    {"queue", "the waiting mail by destination: number, age, next try, last reply"},
    {"queue --messages", "each message; or those that match a SELECTOR"},
    {"queue --recipient A", "mail that waits for A, and the result of the latest that has ended (also --sender A; --ended N)"},
    {"show ID", "the history of one message: its submitter, every attempt, the next step"},
    {"show --recipient A", "the same for all mail to A, or from --sender A; also the latest that has ended"},
    {"why ID|ADDRESS",
     "why is it not in the mailbox? State, cause, evidence, who must act, what to do, and the history, even of mail\n"
     "that ended weeks ago (why MESSAGE-ID; why --last: this user's latest message)"},
    {"dialogue ID", "what this host and the mail host said in the latest attempt that failed (--all: in all that are kept)"},
    {"debug ADDRESS",
     "what they say in the next attempt, live; also debug @DOMAIN, debug ID; --retry: tries at once, --wait 5m: waits\n"
     "so long (exit code 0: delivered, 75: deferred, 69: refused)"},
    {"tail", "what happens to mail, live, a line an event; tail ADDRESS|@DOMAIN|ID: to this mail; --uid USER"},
    {"cat ID", "the message itself"},
    {"status", "is all well? (exit code 0: yes; 1: degraded; 2: cannot send)"},
    {"doctor",
     "checks this host: name, DNS records, port 25, name servers, block lists, clock, disk ...; for what is wrong:\n"
     "who must act, and what to paste (--domain D; --alert: tells the administrator what has changed)"},
    {"tls DOMAIN", "the TLS that each mail host of a domain must offer now, and why (DANE, MTA-STS, a route)"},
    {"trace FILE|-",
     "the way of any message by its Received fields, and what of it cannot be believed; --own LIST: domains and\n"
     "networks of your own hosts, --dns: looks names, SPF and DKIM up"},
    {"check ADDRESS",
     "would mail for the address be accepted? Asks the name servers and mail hosts as a delivery does, and sends\n"
     "no mail; --from ADDRESS: from this sender; --message FILE: what would become of this message"},
    {"mailq", "the queue as Postfix prints it"},
    {"wait ID", "returns when the message has left the queue"},
    {"config check|show", "checks the configuration; shows the settings in use, and the file of each"},
    {"setup",
     "makes keys that sign mail (DKIM), and says which DNS records this host's mail needs and has; --domain D,\n"
     "--yes: asks nothing, --wait[=1h]: until the DNS has them"},
    {"setup oauth", "lets mxpressd sign in at a provider without a password (--name NAME, of [credentials.NAME])"},
    {"dkim records",
     "the DNS records of the keys that sign; dkim key FILE makes a key (dkim key FILE ed25519: of that kind);\n"
     "dkim rotate DOMAIN: new keys that take over once their records are there"},
    {"import [PROGRAM]",
     "imports the settings of Postfix, Exim, dma, msmtp, ssmtp or nullmailer: shows the equivalent of each, and\n"
     "asks before it writes; --yes: asks nothing, --force: replaces files, --from FOLDER: reads another tree"},
    {"replies check FILE", "mistakes of a file of rules about the replies of mail hosts, each with its line"},
    {"replies limits [HOST]", "how much the mail hosts of providers take at a time; with HOST: of the provider of this mail host"},
    {"replies test TEXT", "the rule that a reply meets: its class, its cause, who must act and how (replies test TEXT HOST)"},
    {"notices show [LANGUAGE]", "an example of a notice (bounce) in this language, such as en or zh-Hans"},
    {"notices check FILE", "mistakes of a file of texts for notices, each with its line"},
    {"aliases [NAME...]", "problems of the aliases; with names: the recipients of their mail"},
    {"mailbox list", "the messages in the daemon's own mailbox (mailbox cat ID)"},
    {"fsck", "is the spool damaged? Reads all of it while mxpressd is stopped, and writes nothing"},
    {"completion SHELL", "prints the script for bash, zsh or fish that completes these commands"},
};

constexpr CommandRow kActing[] = {
    {"hold SELECTOR", "no more attempts until released"},
    {"release SELECTOR", "end of hold"},
    {"retry SELECTOR", "try now"},
    {"bounce SELECTOR", "give up and notify the sender"},
    {"remove SELECTOR", "forget, and notify nobody"},
    {"flush", "retry --all"},
    {"send --to A", "sends a message with attachments of any size, from the package mxpress-send: mxpress send --help, mxpress-send(1)"},
    {"reload", "read the configuration again"},
    {"replies use FILE", "check it, put it beside the configuration in the place of the rules of mxpress, and reload"},
    {"notices use FILE", "check it, put it beside the configuration over the texts of mxpress, and reload"},
    {"mailbox deliver", "mail from the daemon's own mailbox to its users (mailbox deliver ID...)"},
    {"fsck --repair", "repair the spool while mxpressd is stopped; damaged parts are set aside, nothing is removed"},
};

constexpr OptionRow kOptions[] = {
    {"help", 'h', "", "print the commands"},
    {"version", 'V', "", "print the version"},
    {"config", 'c', "FILE", "the configuration file"},
    {"json", 0, "", "print JSON"},
    {"domain", 0, "DOMAIN", "mail for this domain"},
    {"sender", 0, "ADDRESS", "mail from this sender"},
    {"recipient", 0, "ADDRESS", "mail to this recipient"},
    {"uid", 0, "USER", "mail of this local user"},
    {"older", 0, "DURATION", "mail that is older"},
    {"state", 0, "STATE", "mail in this state"},
    {"all", 0, "", "all mail"},
    {"messages", 0, "", "each message"},
    {"ended", 0, "NUMBER", "so many that have ended"},
    {"dry-run", 'n', "", "only say on what"},
    {"repair", 0, "", "repair the spool"},
    {"retry", 0, "", "debug: try at once"},
    {"alert", 0, "", "tell of what has changed"},
    {"last", 0, "", "why: the latest message of this user"},
    {"name", 0, "NAME", "of [credentials.NAME]"},
    {"yes", 'y', "", "ask nothing"},
    {"force", 0, "", "replace files"},
    {"from", 0, "FILE", "the tree to import from; check: the sender"},
    {"own", 0, "LIST", "domains and networks of own hosts"},
    {"dns", 0, "", "look names, SPF and DKIM up"},
    {"message", 0, "FILE", "check: the message"},
    {"wait", 0, "", "until the DNS has the records"},
};

constexpr OptionRow kSendOptions[] = {
    {"from", 0, "ADDRESS", "the author"},
    {"to", 0, "ADDRESS", "recipients"},
    {"cc", 0, "ADDRESS", "recipients of a copy"},
    {"bcc", 0, "ADDRESS", "recipients whom nobody is told"},
    {"subject", 's', "TEXT", "the subject"},
    {"text", 0, "FILE", "the text"},
    {"html", 0, "FILE", "the text in HTML"},
    {"attach", 'a', "FILE", "attachments"},
    {"inline", 0, "FILE", "images for --html"},
    {"header", 0, "FIELD", "another field of the header"},
    {"reply-to", 0, "ADDRESS", "where answers go"},
    {"in-reply-to", 0, "ID", "the message that this one answers"},
    {"follow", 0, "", "wait, and show what becomes of it"},
    {"now", 0, "", "deliver it from here, at once"},
    {"config", 'c', "FILE", "the configuration file"},
    {"version", 0, "", "print the version"},
    {"help", 'h', "", "print the options"},
};

constexpr WordsRow kWords[] = {
    {"config", "check show"},
    {"setup", "oauth"},
    {"dkim", "records key rotate"},
    {"mailbox", "list cat deliver"},
    {"replies", "check use limits test"},
    {"notices", "check use show"},
    {"import", "postfix exim dma msmtp ssmtp nullmailer"},
    {"completion", "bash zsh fish"},
    {"trace", kFiles},
    {"--state", "active deferred held all"},
};

}  // namespace

std::span<const CommandRow> looking_commands() { return kLooking; }
std::span<const CommandRow> acting_commands() { return kActing; }
std::span<const OptionRow> all_options() { return kOptions; }
std::span<const OptionRow> send_options() { return kSendOptions; }
std::span<const WordsRow> words_after() { return kWords; }

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> names;
  for (const auto rows : {looking_commands(), acting_commands()})
    for (const CommandRow& row : rows) {
      const std::string_view name = row.words.substr(0, row.words.find(' '));
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  return names;
}

}  // namespace mxpress::mta::cli
