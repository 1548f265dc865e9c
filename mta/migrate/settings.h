// The settings of another mail program as keys of mxpress.toml.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mxpress::mta::migrate {

// [route], or [route.NAME]. An empty text and nullopt: the key is not set.
struct NewRoute {
  std::string name;                // empty: [route]
  std::vector<std::string> hosts;  // in the form of the key `host`: "HOST", "HOST:PORT" or "mx:DOMAIN"
  std::optional<std::uint16_t> port;
  std::string tls;
  bool implicit = false;
  std::string ca_file, from, source;
  std::string auth;  // the name of a NewLogin
};

// [credentials.NAME]. At most one of the three secrets is set; none: the other program's configuration has no password.
struct NewLogin {
  std::string name;
  std::string user;
  std::string password;  // goes into a file of its own
  std::vector<std::string> password_command;
  std::string certificate_file;
  std::vector<std::string> mechanisms;
  bool allow_cleartext = false;

  // True if the table names a file for the password.
  bool has_password_file() const { return password_command.empty() && certificate_file.empty(); }
};

struct Settings {
  std::string hostname, sender_domain, always_bcc, max_message_size;
  std::vector<std::string> local_domains;
  std::vector<NewRoute> routes;  // [route] first
  std::vector<NewLogin> logins;
  std::map<std::string, std::vector<std::string>> aliases;
  std::optional<std::string> alias_file;
  std::map<std::string, std::string> senders;
  std::string deliver;
  bool keeps_unknown_users = false;
  std::string retry_schedule, lifetime, delay_notice;
  std::map<std::string, std::string> sender_routes, destination_routes;  // pattern or domain, with the name of its route

  // [route], created if it does not exist. Valid until another route is added.
  NewRoute& main_route();
  // Null: mail is sent directly to the mail hosts of its recipients.
  const NewRoute* find_main_route() const;
  // Returns the name of the login with that user and password, created if it does not exist: "provider" first.
  std::string login_for(const std::string& user, const std::string& password);
  NewLogin* find_login(std::string_view name);
  // Removes local domains that are local by default, or adds the defaults: `own_name`, of this host, is used if no hostname is set.
  void settle_local_domains(const std::string& own_name);
  // A valid name that no route has, derived from `wanted`.
  std::string free_route_name(std::string_view wanted) const;
};

// "FOLDER/NAME.password"
std::string password_file(const NewLogin& login, const std::string& folder);

// The text of a configuration file, empty if nothing is set. `folder`: of the files with passwords.
std::string toml_of(const Settings& settings, const std::string& folder);

}  // namespace mxpress::mta::migrate
