// Reads the control files of nullmailer, as in nullmailer-send(8) and nullmailer-inject(1).
#include <map>

#include "mta/migrate/programs.h"
#include "mta/migrate/text.h"
#include "proto/ascii.h"

namespace mxpress::mta::migrate {
namespace {

const std::string kFolder = "/etc/nullmailer/", kRemotes = kFolder + "remotes";
constexpr std::uint64_t kPause = 60, kMostPause = 24 * 3600;  // seconds

// "--port=587", "port=587": the key and the value.
std::pair<std::string, std::string> option_of(std::string_view word) {
  if (word.starts_with("--")) word.remove_prefix(2);
  const auto equals = std::min(word.find('='), word.size());
  return {std::string(word.substr(0, equals)), std::string(word.substr(std::min(equals + 1, word.size())))};
}

class Nullmailer {
 public:
  explicit Nullmailer(const Tree& tree) : tree_(tree) { findings_.program = "nullmailer"; }

  Result<std::optional<Findings>> read() {
    const auto remotes = tree_.read(kRemotes);
    if (!remotes) return remotes.error();
    if (!*remotes) return std::optional<Findings>();
    for (const char* const name : {"me", "defaulthost", "defaultdomain", "helohost", "adminaddr", "allmailfrom", "pausetime", "maxpause",
                                   "queuelifetime", "sendtimeout", "idhost", "doublebounceto", "bounceto"}) {
      const auto text = tree_.read(kFolder + name);
      if (!text) return text.error();
      if (const std::string line = first_line(text->value_or("")); !line.empty()) values_[name] = line;
    }
    for (const TextLine& line : lines_of(**remotes)) read_remote(line);
    take_names();
    take_addresses();
    take_times();
    for (const auto& [name, text] : values_) findings_.leave(kFolder + name, text);
    return std::optional(std::move(findings_));
  }

 private:
  // The value of a control file, which is then reported. Empty: it is not set.
  std::string take(const std::string& name, const std::string& becomes) {
    const auto found = values_.find(name);
    if (found == values_.end()) return {};
    std::string text = std::move(found->second);
    values_.erase(found);
    findings_.take(kFolder + name, text, becomes);
    return text;
  }

  void read_remote(const TextLine& line) {
    const std::string_view text = proto::trimmed(line.text);
    const std::string place = kRemotes + ":" + std::to_string(line.number);
    if (text.empty() || text.front() == '#') return;
    const auto words = shell_words(text);
    if (!words || (words->size() > 1 && (*words)[1] != "smtp")) {
      findings_.leave(place, words ? (*words)[0] + " " + (*words)[1] + " ..." : "a line whose quote has no end");
      return;
    }
    std::map<std::string, std::string> options;
    for (std::size_t at = 2; at < words->size(); ++at) options.insert(option_of((*words)[at]));
    if (findings_.settings.find_main_route())
      add_host(place, (*words)[0], options);
    else
      take_host(place, (*words)[0], options);
  }

  static std::uint16_t port_in(const std::map<std::string, std::string>& options) {
    const auto port = options.find("port");
    const bool is_implicit = options.contains("tls") || options.contains("ssl");
    return port == options.end() ? (is_implicit ? 465 : 25) : port_of(port->second).value_or(25);
  }

  void take_host(const std::string& place, const std::string& host, const std::map<std::string, std::string>& options) {
    NewRoute& route = findings_.settings.main_route();
    route.hosts = {host};
    route.port = port_in(options);
    route.implicit = options.contains("tls") || options.contains("ssl");
    const auto value = [&](const std::string& name) { return options.contains(name) ? options.at(name) : std::string(); };
    route.source = value("source");
    if (options.contains("user")) {
      route.auth = findings_.settings.login_for(value("user"), value("pass"));
      if (options.contains("auth-login")) findings_.settings.find_login(route.auth)->mechanisms = {"LOGIN"};
    }
    findings_.take(place, host + " smtp", "[route] host, port");
    if (!route.auth.empty())
      findings_.take(place, "user=" + value("user") + " pass=(password)", "[credentials." + route.auth + "] user, password_file");
    take_tls(place, route, options);
    for (const auto& [name, text] : options) {
      constexpr std::string_view kKnown = " port user pass source auth-login tls ssl starttls insecure x509cafile ";
      if (kKnown.find(" " + name + " ") == kKnown.npos) findings_.leave(place, name + (text.empty() ? "" : "=" + text));
    }
  }

  void take_tls(const std::string& place, NewRoute& route, const std::map<std::string, std::string>& options) {
    const bool encrypts = route.implicit || options.contains("starttls"), verifies = encrypts && !options.contains("insecure");
    findings_.protect(route, verifies ? OldTls::verify : encrypts ? OldTls::encrypt : OldTls::may, true);
    if (options.contains("source")) findings_.take(place, "source=" + route.source, "[route] source");
    if (options.contains("starttls"))
      findings_.take(place, "starttls", verifies ? "[route] tls = \"verify\", the default with auth" : "[route] tls");
    if (route.implicit) findings_.take(place, options.contains("tls") ? "tls" : "ssl", "[route] implicit");
    if (options.contains("insecure")) findings_.take(place, "insecure", "[route] tls = \"encrypt\"");
    if (options.contains("auth-login")) findings_.take(place, "auth-login", "[credentials.NAME] mechanisms");
    if (!options.contains("x509cafile")) return;
    if (verifies) findings_.trust(route, options.at("x509cafile"));
    findings_.take(place, "x509cafile=" + options.at("x509cafile"),
                   route.ca_file.empty() ? "nothing: the system's authorities are trusted" : "[route] ca_file");
  }

  // All hosts of a route have one login.
  void add_host(const std::string& place, const std::string& host, const std::map<std::string, std::string>& options) {
    NewRoute& route = findings_.settings.main_route();
    const NewLogin* const login = findings_.settings.find_login(route.auth);
    const std::string user = options.contains("user") ? options.at("user") : "",
                      password = options.contains("pass") ? options.at("pass") : "";
    const bool is_implicit = options.contains("tls") || options.contains("ssl");
    if (is_implicit != route.implicit || user != (login ? login->user : "") || password != (login ? login->password : "")) {
      findings_.leave(place, host + " smtp ... (the hosts of a route have one login and one kind of TLS)");
      return;
    }
    if (route.port) {
      for (std::string& one : route.hosts) one += ":" + std::to_string(*route.port);
      route.port.reset();
    }
    route.hosts.push_back(host + ":" + std::to_string(port_in(options)));
    findings_.take(place, host + " smtp ...", "[route] host: the next where those before cannot be reached");
  }

  void take_names() {
    Settings& settings = findings_.settings;
    const bool has_me = values_.contains("me");
    settings.hostname = take("me", "hostname");
    if (!has_me) settings.hostname = take("helohost", "hostname");
    if (settings.hostname.empty() && !tree_.is_host())
      if (const auto name = tree_.read("/etc/mailname"); name && *name) settings.hostname = first_line(**name);
    const std::string domain = take("defaultdomain", "nothing: names of hosts have their domain");
    std::string host = take("defaulthost", "sender_domain");
    if (!host.empty() && host.find('.') == host.npos && !domain.empty()) host += "." + domain;
    settings.sender_domain = host;
  }

  void take_addresses() {
    if (const std::string admin = take("adminaddr", "[local] aliases \"*\""); !admin.empty()) {
      findings_.settings.aliases["*"] = words_of(admin, ", \t");
      if (const auto aliases = tree_.read("/etc/aliases"); aliases && *aliases)
        findings_.note("mxpress reads /etc/aliases, which nullmailer did not: \"*\" is for users without an alias there.");
    }
    if (const std::string from = take("allmailfrom", "[local] senders \"*\", [route] from"); !from.empty())
      findings_.set_sender_of_all(from, "allmailfrom");
  }

  static std::uint64_t seconds_of(const std::string& text, std::uint64_t usual) {
    std::uint64_t seconds = 0;
    for (const char c : text) {
      if (!proto::is_digit(c) || seconds > 1'000'000'000) return usual;
      seconds = seconds * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return text.empty() || seconds == 0 ? usual : seconds;
  }

  // Each pause is twice as long as the one before.
  void take_times() {
    const bool has_pause = values_.contains("pausetime") || values_.contains("maxpause");
    std::uint64_t pause = seconds_of(take("pausetime", "[retry] schedule"), kPause);
    const std::uint64_t most = std::max(pause, seconds_of(take("maxpause", "[retry] schedule"), kMostPause));
    std::string schedule;
    for (; pause < most; pause *= 2) schedule += std::to_string(pause) + "s ";
    if (has_pause) findings_.settings.retry_schedule = schedule + std::to_string(most) + "s*";
    const std::uint64_t lifetime = seconds_of(take("queuelifetime", "[retry] lifetime"), 0);
    if (lifetime == 0) return;
    findings_.settings.lifetime = std::to_string(lifetime) + "s";
    if (lifetime <= 4 * 3600) findings_.settings.delay_notice = "0";  // mxpress's default is four hours
  }

  const Tree& tree_;
  Findings findings_;
  std::map<std::string, std::string> values_;  // the first lines of unreported control files, by name
};

}  // namespace

Result<std::optional<Findings>> read_nullmailer(const Tree& tree) { return Nullmailer(tree).read(); }

}  // namespace mxpress::mta::migrate
