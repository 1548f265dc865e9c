// The settings found of another mail program, and their equivalents.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mta/migrate/settings.h"

namespace mxpress::mta::migrate {

// One setting for people. It never shows a password.
struct FoundSetting {
  std::string place;    // "/etc/dma/dma.conf:3"
  std::string text;     // "SMARTHOST mail.example.org"
  std::string becomes;  // "[route] host", or a sentence; empty: it has no equivalent
};

// The protection of the other program's connection to its provider.
enum class OldTls : std::uint8_t {
  none,     // clear text
  may,      // TLS if the provider offers it
  encrypt,  // TLS with any certificate
  verify    // TLS with the provider's certificate
};

struct Findings {
  std::string program;  // "dma", as on the command line
  Settings settings;
  std::vector<FoundSetting> found;
  std::vector<std::string> notes;  // sentences on differences and remaining steps

  void take(std::string place, std::string text, std::string becomes) {
    found.push_back({std::move(place), std::move(text), std::move(becomes)});
  }
  void leave(std::string place, std::string text) { found.push_back({std::move(place), std::move(text), {}}); }
  void note(std::string text) { notes.push_back(std::move(text)); }

  // Sets `tls` and `allow_cleartext`. `shows_password`: the other program sends the password also to an unverified host.
  void protect(NewRoute& route, OldTls tls, bool shows_password);
  // Sets the file with trusted authorities; "system" and Debian's own file need no key.
  void trust(NewRoute& route, const std::string& file);
  // Reads the aliases of /etc/aliases. `name`: the entry there for all other users, which becomes "*"; empty: there is none.
  void read_aliases(const std::optional<std::string>& text, const std::string& file, std::string_view name);
  // Gives all users of the host one address, or addresses of a domain ("{user}@DOMAIN").
  void set_sender_of_all(const std::string& address, const std::string& where);
};

}  // namespace mxpress::mta::migrate
