// The settings that were found of another mail program, and what becomes of each.
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
  std::string becomes;  // "[route] host", or a sentence; empty: it has no counterpart
};

// The protection of the other program's connection to its provider.
enum class OldTls : std::uint8_t {
  none,     // clear text
  may,      // TLS if the provider offers it
  encrypt,  // TLS with any certificate
  verify    // TLS with the provider's certificate
};

struct Findings {
  std::string program;  // "dma", as the command line names it
  Settings settings;
  std::vector<FoundSetting> found;
  std::vector<std::string> notes;  // sentences on what is different, or left to do

  void take(std::string place, std::string text, std::string becomes) {
    found.push_back({std::move(place), std::move(text), std::move(becomes)});
  }
  void leave(std::string place, std::string text) { found.push_back({std::move(place), std::move(text), {}}); }
  void note(std::string text) { notes.push_back(std::move(text)); }

  // Sets `tls` and `allow_cleartext`. `shows_password`: the other program says the password also where nobody has proved who the host is.
  void protect(NewRoute& route, OldTls tls, bool shows_password);
  // The file with authorities that a program trusts; "system" and Debian's own file need no key.
  void trust(NewRoute& route, const std::string& file);
  // The aliases are those of /etc/aliases. `name`: the entry there for all other users, which becomes "*"; empty: there is none.
  void read_aliases(const std::optional<std::string>& text, const std::string& file, std::string_view name);
  // The host's users are called by one address, or by a domain that is their address's ("{user}@DOMAIN").
  void set_sender_of_all(const std::string& address, const std::string& where);
};

}  // namespace mxpress::mta::migrate
