// Writes settings as TOML.
#include "mta/migrate/settings.h"

#include <algorithm>

#include "proto/ascii.h"

namespace mxpress::mta::migrate {
namespace {

std::string in_quotes(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result = "\"";
  for (const char c : text) {
    if (proto::is_control(c)) {
      result += "\\u00";
      result += kDigits[static_cast<unsigned char>(c) >> 4];
      result += kDigits[static_cast<unsigned char>(c) & 15];
      continue;
    }
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

bool is_name_character(char c) { return proto::is_alpha(c) || proto::is_digit(c) || c == '-' || c == '_'; }

std::string key_of(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_name_character) ? std::string(name) : in_quotes(name);
}

// A text, or a list if there are several.
std::string one_or_list(const std::vector<std::string>& texts, bool is_list) {
  std::string result;
  for (const std::string& text : texts) result += (result.empty() ? "" : ", ") + in_quotes(text);
  return is_list ? "[" + result + "]" : result;
}

// The lines of one table. Unset keys, and a table without keys, are left out.
class Table {
 public:
  explicit Table(std::string header) : header_(std::move(header)) {}

  void add(std::string_view key, const std::string& text) {
    if (!text.empty()) line(key, in_quotes(text));
  }
  void add(std::string_view key, const std::vector<std::string>& texts) {
    if (!texts.empty()) line(key, one_or_list(texts, true));
  }
  void add_flag(std::string_view key, bool flag) {
    if (flag) line(key, "true");
  }
  void line(std::string_view key, const std::string& value) { lines_.append(key).append(" = ").append(value).append("\n"); }
  std::string text() const { return lines_.empty() || header_.empty() ? lines_ : "\n" + header_ + "\n" + lines_; }

 private:
  std::string header_, lines_;
};

std::string route_table(const NewRoute& route) {
  Table table(route.name.empty() ? "[route]" : "[route." + route.name + "]");
  if (!route.hosts.empty()) table.line("host", one_or_list(route.hosts, route.hosts.size() > 1));
  if (route.port) table.line("port", std::to_string(*route.port));
  table.add("tls", route.tls);
  table.add_flag("implicit", route.implicit);
  table.add("ca_file", route.ca_file);
  table.add("source", route.source);
  table.add("from", route.from);
  table.add("auth", route.auth);
  return table.text();
}

std::string login_table(const NewLogin& login, const std::string& folder) {
  Table table("[credentials." + login.name + "]");
  table.add("user", login.user);
  if (login.has_password_file()) table.add("password_file", password_file(login, folder));
  table.add("password_command", login.password_command);
  table.add("certificate_file", login.certificate_file);
  table.add("mechanisms", login.mechanisms);
  table.add_flag("allow_cleartext", login.allow_cleartext);
  return table.text();
}

std::string local_table(const Settings& settings) {
  Table table("[local]");
  if (settings.alias_file) table.line("alias_file", in_quotes(*settings.alias_file));
  std::string aliases, senders;
  for (const auto& [name, targets] : settings.aliases)
    aliases += (aliases.empty() ? " " : ", ") + key_of(name) + " = " + one_or_list(targets, targets.size() > 1);
  for (const auto& [name, address] : settings.senders)
    senders += (senders.empty() ? " " : ", ") + key_of(name) + " = " + in_quotes(address);
  if (!aliases.empty()) table.line("aliases", "{" + aliases + " }");
  if (!senders.empty()) table.line("senders", "{" + senders + " }");
  table.add("unknown_users", std::string(settings.keeps_unknown_users ? "keep" : ""));
  table.add("deliver", settings.deliver);
  return table.text();
}

std::string named_routes(std::string_view kind, const std::map<std::string, std::string>& routes) {
  std::string text;
  for (const auto& [name, route] : routes) {
    Table table("[" + std::string(kind) + "." + in_quotes(name) + "]");
    table.add("route", route);
    text += table.text();
  }
  return text;
}

// A valid name for mxpress: of letters, digits, '-' and '_', at most 50 of them, and not a reserved one.
std::string clean_name(std::string_view wanted) {
  std::string name;
  for (const char c : wanted.substr(0, 50)) name += is_name_character(c) ? c : '-';
  return name.empty() || name == "direct" || name == "hold" ? "other" : name;
}

template <class List>
std::string free_name(const List& taken, const std::string& wanted) {
  std::string name = wanted;
  const auto is_taken = [&] { return std::any_of(taken.begin(), taken.end(), [&](const auto& one) { return one.name == name; }); };
  for (int number = 2; is_taken(); ++number) name = wanted + "-" + std::to_string(number);
  return name;
}

}  // namespace

NewRoute& Settings::main_route() {
  if (!find_main_route()) routes.emplace(routes.begin());
  return routes.front();
}

const NewRoute* Settings::find_main_route() const { return routes.empty() || !routes.front().name.empty() ? nullptr : &routes.front(); }

std::string Settings::login_for(const std::string& user, const std::string& password) {
  for (const NewLogin& login : logins)
    if (login.user == user && login.password == password) return login.name;
  NewLogin login;
  login.name = free_name(logins, "provider");
  login.user = user;
  login.password = password;
  logins.push_back(std::move(login));
  return logins.back().name;
}

NewLogin* Settings::find_login(std::string_view name) {
  const auto found = std::find_if(logins.begin(), logins.end(), [&](const NewLogin& login) { return login.name == name; });
  return found == logins.end() ? nullptr : &*found;
}

void Settings::settle_local_domains(const std::string& own_name) {
  const std::string own = hostname.empty() ? own_name : hostname;
  const auto is_usual = [&](const std::string& name) { return proto::equal_in_any_case(name, own) || name == "localhost"; };
  if (std::all_of(local_domains.begin(), local_domains.end(), is_usual)) return local_domains.clear();
  for (const std::string& usual : {std::string("localhost"), own})
    if (std::none_of(local_domains.begin(), local_domains.end(),
                     [&](const std::string& name) { return proto::equal_in_any_case(name, usual); }))
      local_domains.insert(local_domains.begin(), usual);
}

std::string Settings::free_route_name(std::string_view wanted) const { return free_name(routes, clean_name(wanted)); }

std::string password_file(const NewLogin& login, const std::string& folder) { return folder + "/" + login.name + ".password"; }

std::string toml_of(const Settings& settings, const std::string& folder) {
  Table top("");
  top.add("hostname", settings.hostname);
  top.add("sender_domain", settings.sender_domain);
  top.add("local_domains", settings.local_domains);
  top.add("always_bcc", settings.always_bcc);
  top.add("max_message_size", settings.max_message_size);
  Table retry("[retry]");
  retry.add("schedule", settings.retry_schedule);
  retry.add("lifetime", settings.lifetime);
  retry.add("delay_notice", settings.delay_notice);
  std::string text = top.text();
  for (const NewRoute& route : settings.routes) text += route_table(route);
  for (const NewLogin& login : settings.logins) text += login_table(login, folder);
  text += local_table(settings) + retry.text();
  return text + named_routes("sender", settings.sender_routes) + named_routes("destination", settings.destination_routes);
}

}  // namespace mxpress::mta::migrate
