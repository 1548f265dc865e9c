// Reads /etc/msmtprc, as in msmtp(1).
#include <algorithm>
#include <map>
#include <set>

#include "mta/migrate/programs.h"
#include "mta/migrate/text.h"
#include "proto/ascii.h"

namespace mxpress::mta::migrate {
namespace {

constexpr const char* kFile = "/etc/msmtprc";

struct Command {
  std::string place, text;
};

struct Account {
  std::string name;
  std::map<std::string, Command> commands;  // the last one of each name
  std::string copy_of;                      // "account default : copy_of"

  std::string text_of(const std::string& command) const {
    const auto found = commands.find(command);
    return found == commands.end() ? std::string() : found->second.text;
  }
  // A switch without an argument is on.
  bool is_on(const std::string& command, bool usual) const {
    const auto found = commands.find(command);
    return found == commands.end() ? usual : found->second.text != "off";
  }
  bool signs_in() const { return commands.contains("auth") && is_on("auth", false); }
};

// "%U" is the user's name; the other patterns of `from` have no counterpart.
std::string with_user(std::string text) {
  for (auto at = text.find("%U"); at != text.npos; at = text.find("%U")) text.replace(at, 2, "{user}");
  return text;
}

class Msmtp {
 public:
  explicit Msmtp(const Tree& tree) : tree_(tree) { findings_.program = "msmtp"; }

  Result<std::optional<Findings>> read() {
    const auto text = tree_.read(kFile);
    if (!text) return text.error();
    if (!*text) return std::optional<Findings>();
    for (const TextLine& line : lines_of(**text))
      if (const Status read = read_line(line); !read) return read.error();
    const Account* const main = choose_main();
    if (main)
      if (const Status taken = take_main(*main); !taken) return taken.error();
    for (const Account& account : accounts_)
      if (&account != main && (!main || main->copy_of != account.name)) take_other(account);
    tell_rest();
    findings_.note("The files ~/.msmtprc of users are not read: see docs/migrate.md for accounts of single users.");
    return std::optional(std::move(findings_));
  }

 private:
  // The argument may be in double quotes.
  static std::string argument_of(std::string_view text) {
    text = proto::trimmed(text);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    return std::string(text);
  }

  Status read_line(const TextLine& line) {
    const std::string_view text = proto::trimmed(line.text);
    if (text.empty() || text.front() == '#') return {};
    const auto end = std::min(text.find_first_of(" \t"), text.size());
    const std::string command(text.substr(0, end)), argument = argument_of(text.substr(end));
    const std::string place = kFile + (":" + std::to_string(line.number));
    if (command == "account") return begin_account(argument, place);
    if (command == "defaults") return is_in_defaults_ = true, Status();
    if (!is_in_defaults_ && accounts_.empty()) accounts_.push_back({"default", defaults_, {}});
    auto& commands = is_in_defaults_ ? defaults_ : accounts_.back().commands;
    commands[command] = {place, argument};
    return {};
  }

  // "NAME" or "NAME : OTHER, OTHER...": takes the settings of the others; the last one has precedence.
  Status begin_account(const std::string& argument, const std::string& place) {
    const auto colon = std::min(argument.find(':'), argument.size());
    Account account{std::string(proto::trimmed(std::string_view(argument).substr(0, colon))), defaults_, {}};
    for (const std::string& word : words_of(std::string_view(argument).substr(colon), ":,")) {
      const std::string other(proto::trimmed(word));
      const auto known = std::find_if(accounts_.begin(), accounts_.end(), [&](const Account& one) { return one.name == other; });
      if (known == accounts_.end()) return Error::permanent(place + ": there is no account " + other + " before this line");
      for (const auto& [name, command] : known->commands) account.commands[name] = command;
      account.copy_of = other;
    }
    accounts_.push_back(std::move(account));
    is_in_defaults_ = false;
    return {};
  }

  const Account* choose_main() {
    const auto found = std::find_if(accounts_.begin(), accounts_.end(), [](const Account& one) { return one.name == "default"; });
    if (found != accounts_.end()) return &*found;
    if (accounts_.size() != 1) return nullptr;
    findings_.note("There is no account \"default\": the only account has been taken for it.");
    return &accounts_.front();
  }

  void take(const Account& account, const std::string& command, const std::string& becomes) {
    const auto found = account.commands.find(command);
    if (found == account.commands.end() || !told_.insert(found->second.place).second) return;
    const bool is_secret = command == "password";
    findings_.take(found->second.place,
                   command + (is_secret                    ? " (password)"
                              : found->second.text.empty() ? ""
                                                           : " " + found->second.text),
                   becomes);
  }

  NewRoute route_of(const Account& account) {
    NewRoute route;
    route.hosts = {account.text_of("host")};
    route.implicit = account.is_on("tls", false) && !account.is_on("tls_starttls", true);
    const std::string port = account.text_of("port");
    route.port = port.empty() ? (route.implicit ? 465 : 25) : port_of(port);
    route.source = account.text_of("source_ip");
    if (account.signs_in()) route.auth = login_of(account);
    return route;
  }

  std::string login_of(const Account& account) {
    const std::string method = account.text_of("auth");
    const std::string name = findings_.settings.login_for(account.text_of("user"), account.text_of("password"));
    NewLogin& login = *findings_.settings.find_login(name);
    if (method == "xoauth2" || method == "oauthbearer")
      findings_.note("auth " + method + ": an access token is no password; set oauth in [credentials." + name +
                     "], then mxpress setup oauth.");
    else if (method != "on" && !method.empty())
      login.mechanisms = {proto::upper_case(method)};
    if (const std::string command = account.text_of("passwordeval"); !command.empty() && login.password.empty())
      take_command(login, command);
    const std::string of = "[credentials." + name + "] ";
    for (const auto& [key, becomes] :
         {std::pair("auth", method == "on" ? "[route] auth" : "[route] auth, mechanisms"), std::pair("user", "user"),
          std::pair("password", "password_file"), std::pair("passwordeval", "password_command")})
      take(account, key, (std::string_view(becomes).starts_with('[') ? "" : of) + becomes);
    return name;
  }

  // mxpress-runner starts no shell: a command that is more than a program with arguments gets one.
  void take_command(NewLogin& login, const std::string& command) {
    const auto words = shell_words(command);
    const bool is_plain =
        words && !words->empty() && words->front().starts_with('/') && command.find_first_of("|&;<>()$`*?~#\n") == command.npos;
    login.password_command = is_plain ? *words : std::vector<std::string>{"/bin/sh", "-c", command};
    findings_.note("passwordeval: mxpress-runner runs it as the user mxpress-runner: systemctl enable --now mxpress-runner.socket");
  }

  // Call it after the route has its host, because notes name it.
  void protect(const Account& account, NewRoute& route) {
    const bool encrypts = account.is_on("tls", false), verifies = encrypts && account.is_on("tls_certcheck", true);
    const std::string method = account.text_of("auth");
    findings_.protect(route,
                      verifies   ? OldTls::verify
                      : encrypts ? OldTls::encrypt
                                 : OldTls::may,
                      encrypts || method == "plain" || method == "login");
    if (verifies) findings_.trust(route, account.text_of("tls_trust_file"));
    take(account, "host", "[route] host");
    take(account, "port", "[route] port");
    take(account, "source_ip", "[route] source");
    take(account, "tls", verifies ? "[route] tls = \"verify\", the default with auth" : "[route] tls");
    take(account, "tls_starttls", route.implicit ? "[route] implicit" : "nothing: the default of [route]");
    take(account, "tls_certcheck", verifies ? "nothing: the default with auth" : "[route] tls = \"encrypt\"");
    take(account, "tls_trust_file", route.ca_file.empty() ? "nothing: the system's authorities are trusted" : "[route] ca_file");
    if (account.commands.contains("tls_fingerprint"))
      findings_.note("tls_fingerprint is of the certificate; [route] pin is of its public key.");
  }

  Status take_main(const Account& account) {
    Settings& settings = findings_.settings;
    if (!account.text_of("host").empty()) {
      NewRoute route = route_of(account);
      settings.routes.insert(settings.routes.begin(), std::move(route));
      protect(account, settings.routes.front());
    }
    settings.hostname = account.text_of("domain") == "localhost" ? "" : account.text_of("domain");
    take(account, "domain", settings.hostname.empty() ? "nothing: the name of this host" : "hostname");
    take_sender(account);
    const std::string file = account.text_of("aliases");
    if (file.empty()) return {};
    const auto text = tree_.read(file);
    if (!text) return text.error();
    findings_.read_aliases(*text, file, "default");
    take(account, "aliases", "[local] alias_file");
    return {};
  }

  void take_sender(const Account& account) {
    Settings& settings = findings_.settings;
    const std::string from = with_user(account.text_of("from"));
    const bool is_fixed = !account.is_on("allow_from_override", true), is_set = account.text_of("set_from_header") == "on";
    if (from.find('%') != from.npos) {
      findings_.note("from " + from + ": only %U, the user, has a counterpart; set sender_domain instead.");
    } else if (!from.empty()) {
      settings.senders["*"] = from;
      take(account, "from", "[local] senders \"*\"");
      if ((is_fixed || is_set) && settings.find_main_route() && from.find('{') == from.npos) settings.main_route().from = from;
      if (is_fixed && !is_set)
        findings_.note(
            "allow_from_override off replaced the sender alone; [route] from replaces From, too, and the author moves to Reply-To.");
    }
    take(account, "allow_from_override", is_fixed ? "[route] from" : "nothing: the sender of mail stays");
    take(account, "set_from_header", is_set ? "[route] from" : "nothing: From stays, and is made where there is none");
    if (from.empty() && account.commands.contains("auto_from") && account.is_on("auto_from", false)) {
      settings.sender_domain = account.text_of("maildomain");
      take(account, "auto_from", "nothing: the default of mxpress");
      take(account, "maildomain", "sender_domain");
    }
  }

  // msmtp uses another account for mail whose sender is its `from`.
  void take_other(const Account& account) {
    Settings& settings = findings_.settings;
    if (account.text_of("host").empty()) return;
    NewRoute route = route_of(account);
    route.name = settings.free_route_name(account.name);
    settings.routes.push_back(std::move(route));
    const std::string name = settings.routes.back().name, from = account.text_of("from");
    protect(account, settings.routes.back());
    if (from.empty() || from.find('%') != from.npos)
      findings_.note("[route." + name + "] is for the account " + account.name +
                     ", which has no from: [sender] or [destination] says whose mail takes it.");
    else
      settings.sender_routes.emplace(from, name);
    take(account, "from", "[sender] route = \"" + name + "\"");
  }

  void tell_rest() {
    for (const Account& account : accounts_)
      for (const auto& [name, command] : account.commands)
        if (told_.insert(command.place).second) findings_.leave(command.place, name + (name == "password" ? "" : " " + command.text));
  }

  const Tree& tree_;
  Findings findings_;
  std::map<std::string, Command> defaults_;
  std::vector<Account> accounts_;
  std::set<std::string> told_;  // places that were reported
  bool is_in_defaults_ = false;
};

}  // namespace

Result<std::optional<Findings>> read_msmtp(const Tree& tree) { return Msmtp(tree).read(); }

}  // namespace mxpress::mta::migrate
