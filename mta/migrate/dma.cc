// Reads dma.conf and auth.conf, as in dma(8).
#include "mta/migrate/keys.h"
#include "mta/migrate/programs.h"
#include "mta/migrate/text.h"
#include "proto/ascii.h"

namespace mxpress::mta::migrate {
namespace {

constexpr const char* kFile = "/etc/dma/dma.conf";

class Dma {
 public:
  explicit Dma(const Tree& tree) : tree_(tree) { findings_.program = "dma"; }

  Result<std::optional<Findings>> read() {
    const auto text = tree_.read(kFile);
    if (!text) return text.error();
    if (!*text) return std::optional<Findings>();
    for (const TextLine& line : lines_of(**text)) read_line(line);
    take_host();
    if (const Status name = take_mail_name(); !name) return name.error();
    take_masquerade();
    if (const Status aliases = take_aliases(); !aliases) return aliases.error();
    keys_.leave_rest();
    return std::optional(std::move(findings_));
  }

 private:
  // A '#' begins a comment anywhere. Of a repeated key the last value counts.
  void read_line(const TextLine& line) {
    const std::string_view text = proto::trimmed(std::string_view(line.text).substr(0, line.text.find('#')));
    if (text.empty()) return;
    const auto end = std::min(text.find_first_of(" \t"), text.size());
    const std::string key(text.substr(0, end)), value(proto::trimmed(text.substr(end)));
    keys_.set(key, {kFile + (":" + std::to_string(line.number)), value, value.empty() ? key : key + " " + value});
  }

  bool has(const std::string& key) const { return keys_.has(key); }
  std::string text_of(const std::string& key) const { return keys_.text_of(key); }
  void take(const std::string& key, const std::string& becomes) { keys_.take(key, becomes); }

  void take_host() {
    const std::string host = text_of("SMARTHOST");
    if (host.empty()) return;
    NewRoute& route = findings_.settings.main_route();
    route.hosts = {host};
    route.port = has("PORT") ? port_of(text_of("PORT")) : 25;
    take("SMARTHOST", "[route] host");
    if (route.port) take("PORT", "[route] port");
  }

  // Of several entries for a host the last one counts.
  Status take_login() {
    const std::string path = text_of("AUTHPATH");
    NewRoute& route = findings_.settings.main_route();
    const auto text = path.empty() ? Result(std::optional<std::string>()) : tree_.read(path);
    if (!text) return text.error();
    std::size_t found = 0;
    for (const TextLine& line : lines_of(text->value_or(""))) {
      const auto bar = line.text.find('|');
      const auto end = bar == line.text.npos ? bar : line.text.find_first_of(": \t", bar);
      if (line.text.starts_with('#') || end == line.text.npos) continue;
      const std::string place = path + ":" + std::to_string(line.number), user = line.text.substr(0, bar);
      const std::string host = line.text.substr(bar + 1, end - bar - 1);
      if (host != text_of("SMARTHOST")) {
        findings_.leave(place, user + "|" + host + ":(password)");
        continue;
      }
      findings_.settings.logins.clear();
      route.auth = findings_.settings.login_for(user, line.text.substr(end + 1));
      if (found != 0) findings_.found[found - 1].becomes = "nothing: a later line has this host, too";
      findings_.take(place, user + "|" + host + ":(password)", "[credentials." + route.auth + "] user, password_file");
      found = findings_.found.size();
    }
    if (!path.empty()) take("AUTHPATH", "nothing: the file has been read");
    return {};
  }

  void take_tls() {
    NewRoute& route = findings_.settings.main_route();
    const bool encrypts = has("SECURETRANSFER"), may = has("OPPORTUNISTIC_TLS") && has("STARTTLS");
    const bool verifies = !route.auth.empty() && encrypts && !may;
    route.implicit = encrypts && !has("STARTTLS");
    findings_.protect(route, may || !encrypts ? OldTls::may : verifies ? OldTls::verify : OldTls::encrypt, has("INSECURE"));
    take("SECURETRANSFER", route.implicit       ? "[route] implicit"
                           : !route.tls.empty() ? "[route] tls"
                                                : "[route] tls = \"verify\", the default");
    take("FINGERPRINT", "to be done: [route] pin, which is of the public key, not of the certificate");
    take("STARTTLS", "nothing: the default of [route]");
    take("OPPORTUNISTIC_TLS", "[route] tls");
    take("INSECURE",
         findings_.settings.logins.empty() ? "nothing: nobody signs in" : "[credentials.NAME] allow_cleartext, where TLS is not verified");
    if (verifies)
      findings_.note("dma verified no certificate, mxpress does: if that of " + route.hosts.front() +
                     " is of an authority of its own, set [route] ca_file.");
  }

  Status take_mail_name() {
    if (findings_.settings.find_main_route()) {
      if (const Status login = take_login(); !login) return login;
      take_tls();
    }
    std::string name = text_of("MAILNAME");
    if (name.starts_with('/')) {
      const auto text = tree_.read(name);
      if (!text) return text.error();
      if (name == "/etc/mailname" && tree_.is_host()) {
        take("MAILNAME", "nothing: mxpress reads that file, too");
        return {};
      }
      name = first_line(text->value_or(""));
    }
    findings_.settings.hostname = name;
    take("MAILNAME", "hostname");
    return {};
  }

  void take_masquerade() {
    const std::string text = text_of("MASQUERADE");
    const auto at = text.rfind('@');
    if (text.empty()) return;
    if (at == text.npos || at == 0) {
      findings_.settings.sender_domain = text.substr(at == 0 ? 1 : 0);
      return take("MASQUERADE", "sender_domain");
    }
    findings_.set_sender_of_all(text, "MASQUERADE");
    take("MASQUERADE", "[local] senders \"*\", [route] from");
  }

  Status take_aliases() {
    const std::string file = has("ALIASES") ? text_of("ALIASES") : "/etc/aliases";
    const auto text = tree_.read(file);
    if (!text) return text.error();
    findings_.read_aliases(*text, file, "*");
    take("ALIASES", "[local] alias_file");
    if (!has("NULLCLIENT")) return {};
    Settings& settings = findings_.settings;
    const std::string domain = settings.sender_domain.empty() ? settings.hostname : settings.sender_domain;
    if (!domain.empty()) settings.aliases["root"] = {"root@" + domain};
    take("NULLCLIENT", domain.empty() ? "nothing" : "[local] aliases root");
    findings_.note("NULLCLIENT: each other user whose mail is to leave this host needs an alias, too.");
    return {};
  }

  const Tree& tree_;
  Findings findings_;
  Keys keys_{findings_};
};

}  // namespace

Result<std::optional<Findings>> read_dma(const Tree& tree) { return Dma(tree).read(); }

}  // namespace mxpress::mta::migrate
