// Settings common to several programs.
#include "mta/migrate/findings.h"

#include "mta/migrate/text.h"

namespace mxpress::mta::migrate {

void Findings::protect(NewRoute& route, OldTls tls, bool shows_password) {
  NewLogin* const login = settings.find_login(route.auth);
  if (login && tls != OldTls::verify && route.hosts.front().starts_with("mx:")) {
    note("The DNS names the hosts of " + route.hosts.front().substr(3) +
         ", so that their certificates are verified before they see the password; " + program + " did not do so.");
    tls = OldTls::verify;
  }
  if (tls == OldTls::verify || (tls == OldTls::encrypt && !login)) {
    route.tls = login ? "" : tls == OldTls::verify ? "verify" : "encrypt";
    return;
  }
  if (!login && !route.implicit) return;
  route.tls = tls == OldTls::encrypt || route.implicit ? "encrypt" : "may";
  if (!login || !shows_password) return;
  login->allow_cleartext = true;
  note("The password of " + login->user + " is shown to any host that answers as " + route.hosts.front() + ", as " + program +
       " did. Remove tls and allow_cleartext to have the host's certificate verified.");
}

void Findings::trust(NewRoute& route, const std::string& file) {
  if (file.empty() || file == "system" || file == "/etc/ssl/certs/ca-certificates.crt") return;
  route.ca_file = file;
}

void Findings::read_aliases(const std::optional<std::string>& text, const std::string& file, std::string_view name) {
  if (file != "/etc/aliases") settings.alias_file = file;
  if (!text) return;
  take(file, "aliases", "[local] alias_file: the same file, read as it is (mxpress aliases names what is refused in it)");
  const auto other = name.empty() ? std::nullopt : value_in_aliases(*text, name);
  if (!other) return;
  settings.aliases["*"] = words_of(*other, ", \t");
  take(file, std::string(name) + ": " + *other, "[local] aliases \"*\"");
}

void Findings::set_sender_of_all(const std::string& address, const std::string& where) {
  settings.senders["*"] = address;
  if (settings.find_main_route()) settings.main_route().from = address;
  note("[route] from replaces the sender and From of mail whose sender is of another domain, and its author moves to Reply-To; " + where +
       " replaced the sender alone.");
}

}  // namespace mxpress::mta::migrate
