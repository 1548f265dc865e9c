// Reads the configuration of Debian's Exim: update-exim4.conf.conf, passwd.client, exim4.conf.localmacros and /etc/email-addresses.
#include <algorithm>
#include <map>
#include <set>

#include "mta/migrate/programs.h"
#include "mta/migrate/text.h"
#include "proto/ascii.h"

namespace mxpress::mta::migrate {
namespace {

const std::string kFile = "/etc/exim4/update-exim4.conf.conf", kPasswords = "/etc/exim4/passwd.client",
                  kMacros = "/etc/exim4/exim4.conf.localmacros", kAddresses = "/etc/email-addresses";
constexpr std::string_view kSmarthost = "REMOTE_SMTP_SMARTHOST_";

struct Value {
  std::string place, text;
};
using Values = std::map<std::string, Value>;

// "HOST::PORT", or a host alone. The port is 0 if there is none.
std::pair<std::string, std::uint16_t> host_of(std::string_view text) {
  const auto colons = text.rfind("::");
  const auto port = colons == text.npos ? std::nullopt : port_of(text.substr(colons + 2));
  return port ? std::pair(std::string(text.substr(0, colons)), *port) : std::pair(std::string(text), std::uint16_t{0});
}

// Like Exim's nwildlsearch: the name itself, or "*" and the end of the name.
bool is_key_of(std::string_view key, std::string_view host) {
  if (!key.starts_with('*')) return proto::equal_in_any_case(key, host);
  key.remove_prefix(1);
  return host.size() >= key.size() && proto::equal_in_any_case(host.substr(host.size() - key.size()), key);
}

struct Entry {
  std::string place, host, user, password;
};

class Exim {
 public:
  explicit Exim(const Tree& tree) : tree_(tree) { findings_.program = "exim"; }

  Result<std::optional<Findings>> read() {
    const auto text = tree_.read(kFile);
    if (!text) return text.error();
    if (!*text) return std::optional<Findings>();
    for (const TextLine& line : lines_of(**text)) read_line(line, kFile, values_);
    const auto macros = tree_.read(kMacros), own = tree_.read("/etc/exim4/exim4.conf");
    for (const auto* file : {&macros, &own})
      if (!*file) return file->error();
    for (const TextLine& line : lines_of(macros->value_or(""))) read_line(line, kMacros, macros_);
    if (*own) findings_.note("Exim used /etc/exim4/exim4.conf in the place of these settings; that file is not read.");
    if (const Status host = take_host(); !host) return host.error();
    take_names();
    if (const Status senders = take_senders(); !senders) return senders.error();
    const auto aliases = tree_.read("/etc/aliases");
    if (!aliases) return aliases.error();
    findings_.read_aliases(*aliases, "/etc/aliases", "");
    tell_rest();
    return std::optional(std::move(findings_));
  }

 private:
  // "key='value'" as in a shell, "MACRO = value".
  static void read_line(const TextLine& line, const std::string& file, Values& values) {
    const std::string_view text = proto::trimmed(line.text);
    const auto equals = text.find('=');
    if (text.empty() || text.front() == '#' || equals == text.npos) return;
    const std::string_view value = proto::trimmed(text.substr(equals + 1));
    const auto words = shell_words(value);
    const bool is_quoted = !value.empty() && (value.front() == '\'' || value.front() == '"');
    values[std::string(proto::trimmed(text.substr(0, equals)))] = {
        file + ":" + std::to_string(line.number), is_quoted && words && words->size() == 1 ? words->front() : std::string(value)};
  }

  static std::string text_of(const Values& values, const std::string& key) {
    const auto found = values.find(key);
    return found == values.end() ? std::string() : found->second.text;
  }
  std::string macro(const std::string& name) const { return text_of(macros_, std::string(kSmarthost) + name); }
  void take(const std::string& key, const std::string& becomes) {
    for (const Values* values : {&values_, &macros_})
      if (const auto found = values->find(key); found != values->end() && told_.insert(key).second && !found->second.text.empty())
        findings_.take(found->second.place, key + (values == &values_ ? "='" + found->second.text + "'" : " = " + found->second.text),
                       becomes);
  }

  Status take_host() {
    const std::string type = text_of(values_, "dc_eximconfig_configtype");
    const bool has_host = type == "smarthost" || type == "satellite";
    if (!has_host) {
      take("dc_eximconfig_configtype", type == "internet" ? "nothing: mail goes straight to the hosts of its recipients" : "nothing");
      if (type == "local" || type == "none")
        findings_.note("Exim let no mail leave this host (" + type + "); mxpress does: transport = \"hold\" in [route] keeps it.");
      return {};
    }
    take("dc_eximconfig_configtype", "[route]");
    if (type == "satellite") findings_.note("satellite: each local user whose mail is to leave this host needs an alias, such as root.");
    const auto hosts = words_of(text_of(values_, "dc_smarthost"), "; \t");
    if (hosts.empty()) return {};
    NewRoute& route = findings_.settings.main_route();
    route.implicit = macro("PROTOCOL") == "smtps";
    for (const std::string& one : hosts) {
      const auto [host, port] = host_of(one);
      const std::uint16_t number = port != 0 ? port : route.implicit ? 465 : 25;
      if (hosts.size() == 1) route.port = number;
      route.hosts.push_back(hosts.size() == 1 ? host : host + ":" + std::to_string(number));
    }
    take("dc_smarthost", "[route] host, port");
    if (const Status login = take_login(host_of(hosts.front()).first); !login) return login;
    take_tls();
    return {};
  }

  Result<std::vector<Entry>> read_entries() {
    const auto text = tree_.read(kPasswords);
    if (!text) return text.error();
    std::vector<Entry> entries;
    for (const TextLine& line : joined_lines(text->value_or(""))) {
      const auto end = line.text.find(':');
      const auto user_end = end == line.text.npos ? end : line.text.find(':', end + 1);
      const std::string place = kPasswords + ":" + std::to_string(line.number);
      if (user_end == line.text.npos || line.text.front() == '^')
        findings_.leave(place, user_end == line.text.npos ? "a line that is not HOST:USER:PASSWORD" : line.text.substr(0, end) + ":...");
      else
        entries.push_back({place, std::string(proto::trimmed(std::string_view(line.text).substr(0, end))),
                           std::string(proto::trimmed(std::string_view(line.text).substr(end + 1, user_end - end - 1))),
                           line.text.substr(user_end + 1)});
    }
    return entries;
  }

  // Exim looks the entry up by the host's canonical name in the DNS, which is unknown here: a single entry is for that host.
  Status take_login(const std::string& host) {
    const auto entries = read_entries();
    if (!entries) return entries.error();
    auto chosen = std::find_if(entries->begin(), entries->end(), [&](const Entry& entry) { return is_key_of(entry.host, host); });
    if (chosen == entries->end() && entries->size() == 1) {
      chosen = entries->begin();
      findings_.note(chosen->place + " is for " + chosen->host + ", which has been taken for the other name of " + host + ".");
    }
    for (auto entry = entries->begin(); entry != entries->end(); ++entry) {
      if (entry != chosen) {
        findings_.leave(entry->place, entry->host + ":" + entry->user + ":(password)");
        continue;
      }
      NewRoute& route = findings_.settings.main_route();
      route.auth = findings_.settings.login_for(entry->user, entry->password);
      findings_.take(entry->place, entry->host + ":" + entry->user + ":(password)", "[credentials." + route.auth + "] user, password_file");
    }
    return {};
  }

  // With a login it verifies, or it sends without login, which no provider accepts.
  void take_tls() {
    NewRoute& route = findings_.settings.main_route();
    const bool encrypts = !macro("HOSTS_REQUIRE_TLS").empty() || route.implicit, verifies = !macro("TLS_VERIFY_HOSTS").empty();
    const bool has_login = !route.auth.empty();
    findings_.protect(route, has_login || (encrypts && verifies) ? OldTls::verify : encrypts ? OldTls::encrypt : OldTls::may, false);
    if (has_login || (encrypts && verifies)) findings_.trust(route, macro("TLS_VERIFY_CERTIFICATES"));
    const auto take_macro = [&](const std::string& name, const std::string& becomes) { take(std::string(kSmarthost) + name, becomes); };
    const std::string tls = has_login ? "[route] tls = \"verify\", the default with auth" : "[route] tls";
    take_macro("HOSTS_REQUIRE_TLS", tls);
    take_macro("TLS_VERIFY_HOSTS", tls);
    take_macro("TLS_VERIFY_CERTIFICATES", route.ca_file.empty() ? "nothing: the system's authorities are trusted" : "[route] ca_file");
    take_macro("PROTOCOL", route.implicit ? "[route] implicit" : "nothing: the default of [route]");
    if (has_login && !encrypts)
      findings_.note(
          "Exim sent in clear text and without a login where the certificate could not be verified; with mxpress the mail waits.");
  }

  void take_names() {
    Settings& settings = findings_.settings;
    settings.local_domains = words_of(text_of(values_, "dc_other_hostnames"), ";: \t");
    if (!settings.local_domains.empty()) settings.local_domains.push_back("localhost");
    take("dc_other_hostnames", "local_domains");
    const bool hides = text_of(values_, "dc_hide_mailname") == "true";
    if (hides) settings.sender_domain = text_of(values_, "dc_readhost");
    take("dc_readhost", hides ? "sender_domain" : "nothing: dc_hide_mailname is not true");
    take("dc_hide_mailname", hides ? "sender_domain" : "nothing");
    if (text_of(values_, "dc_localdelivery") == "maildir_home") settings.deliver = "maildir";
    take("dc_localdelivery", settings.deliver.empty() ? "nothing: the default of [local] deliver" : "[local] deliver");
    if (!tree_.is_host())
      if (const auto name = tree_.read("/etc/mailname"); name && *name) settings.hostname = first_line(**name);
    if (!text_of(values_, "dc_relay_nets").empty())
      findings_.note("dc_relay_nets: mxpress takes mail from other hosts only where [listen] smtp and allow say so.");
    for (const char* const key : {"dc_local_interfaces", "dc_minimaldns", "dc_mailname_in_oh", "CFILEMODE", "dc_use_split_config"})
      take(key, "nothing is needed");
    if (text_of(values_, "dc_use_split_config") == "true") findings_.note("Changes of your own in /etc/exim4/conf.d are not read.");
  }

  // "USER: ADDRESS"; names with a domain belong to this host.
  Status take_senders() {
    const auto text = tree_.read(kAddresses);
    if (!text) return text.error();
    for (const TextLine& line : joined_lines(text->value_or(""))) {
      const auto colon = line.text.find(':');
      const std::string place = kAddresses + ":" + std::to_string(line.number);
      const std::string_view name = proto::trimmed(std::string_view(line.text).substr(0, colon));
      if (colon == line.text.npos || name.empty()) {
        findings_.leave(place, line.text);
        continue;
      }
      findings_.settings.senders[proto::lower_case(name.substr(0, name.find('@')))] =
          proto::trimmed(std::string_view(line.text).substr(colon + 1));
      findings_.take(place, line.text, "[local] senders");
    }
    return {};
  }

  void tell_rest() {
    for (const Values* values : {&values_, &macros_})
      for (const auto& [key, value] : *values)
        if (!told_.contains(key) && !value.text.empty()) findings_.leave(value.place, key + "='" + value.text + "'");
  }

  const Tree& tree_;
  Findings findings_;
  Values values_, macros_;
  std::set<std::string> told_;
};

}  // namespace

Result<std::optional<Findings>> read_exim(const Tree& tree) { return Exim(tree).read(); }

}  // namespace mxpress::mta::migrate
