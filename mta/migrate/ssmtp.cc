// Reads ssmtp.conf and revaliases, as in ssmtp.conf(5) and ssmtp(8).
#include "mta/migrate/keys.h"
#include "mta/migrate/programs.h"
#include "mta/migrate/text.h"
#include "proto/ascii.h"

namespace mxpress::mta::migrate {
namespace {

constexpr const char *kFile = "/etc/ssmtp/ssmtp.conf", *kAliases = "/etc/ssmtp/revaliases";

class Ssmtp {
 public:
  explicit Ssmtp(const Tree& tree) : tree_(tree) { findings_.program = "ssmtp"; }

  Result<std::optional<Findings>> read() {
    const auto text = tree_.read(kFile);
    if (!text) return text.error();
    if (!*text) return std::optional<Findings>();
    for (const TextLine& line : lines_of(**text)) read_line(line);
    take_host();
    take_names();
    const auto aliases = tree_.read(kAliases);
    if (!aliases) return aliases.error();
    for (const TextLine& line : lines_of(aliases->value_or(""))) read_alias(line);
    keys_.leave_rest();
    return std::optional(std::move(findings_));
  }

 private:
  // A '#' begins a comment anywhere. Keys are in any case; a value ends at a blank or '='.
  void read_line(const TextLine& line) {
    const std::string_view text = std::string_view(line.text).substr(0, line.text.find('#'));
    const auto words = words_of(text, "= \t\r");
    if (text.find('=') == text.npos || words.empty()) return;
    const std::string key = proto::lower_case(words[0]), value = words.size() > 1 ? words[1] : "";
    keys_.set(key, {kFile + (":" + std::to_string(line.number)), value, words[0] + "=" + (key == "authpass" ? "(password)" : value)});
  }

  std::string text_of(const std::string& key) const { return keys_.text_of(key); }
  bool says_yes(const std::string& key) const { return proto::equal_in_any_case(text_of(key), "yes"); }
  void take(const std::string& key, const std::string& becomes) { keys_.take(key, becomes); }

  void take_host() {
    const auto words = words_of(text_of("mailhub"), ":");
    if (words.empty()) return;
    NewRoute& route = findings_.settings.main_route();
    route.hosts = {words[0]};
    const std::string port = words.size() > 1 ? words[1] : text_of("remoteport");
    route.port = port.empty() ? 25 : port_of(port);
    take("mailhub", "[route] host, port");
    take("remoteport", "[route] port");
    if (!text_of("authuser").empty()) take_login(route);
    take_tls(route);
  }

  void take_login(NewRoute& route) {
    route.auth = findings_.settings.login_for(text_of("authuser"), text_of("authpass"));
    take("authuser", "[credentials." + route.auth + "] user");
    take("authpass", "[credentials." + route.auth + "] password_file");
    if (const std::string method = text_of("authmethod"); !method.empty())
      findings_.settings.find_login(route.auth)->mechanisms = {proto::upper_case(method)};
    take("authmethod", "[credentials." + route.auth + "] mechanisms");
  }

  // UseSTARTTLS without UseTLS encrypts, too.
  void take_tls(NewRoute& route) {
    const bool starts = says_yes("usestarttls"), encrypts = says_yes("usetls") || starts, verifies = encrypts && !route.auth.empty();
    route.implicit = encrypts && !starts;
    findings_.protect(route, verifies ? OldTls::verify : encrypts ? OldTls::encrypt : OldTls::may, true);
    take("usetls", route.implicit ? "[route] implicit" : "[route] tls");
    take("usestarttls", starts && verifies ? "[route] tls = \"verify\", the default with auth" : "[route] tls");
    if (verifies)
      findings_.note("ssmtp verified no certificate, mxpress does: if that of " + route.hosts.front() +
                     " is of an authority of its own, set [route] ca_file.");
    if (says_yes("usetlscert"))
      findings_.note("UseTLSCert: [credentials.NAME] certificate_file, with the certificate and the key in one file.");
  }

  void take_names() {
    Settings& settings = findings_.settings;
    settings.hostname = text_of("hostname");
    settings.sender_domain = text_of("rewritedomain");
    if (const std::string root = text_of("root"); !root.empty() && root != "root") {
      settings.aliases["root"] = {root};
      findings_.note("root=: ssmtp sent the mail for all users with a number below 1000 there; each of them needs an alias in mxpress.");
    }
    for (const auto& [key, becomes] :
         {std::pair("hostname", "hostname"), std::pair("rewritedomain", "sender_domain"), std::pair("root", "[local] aliases root")})
      if (!text_of(key).empty()) take(key, becomes);
    take("fromlineoverride", "nothing: From stays if it is of another domain");
    if (const auto mailname = tree_.read("/etc/aliases"); mailname && *mailname)
      findings_.note("mxpress reads /etc/aliases, which ssmtp did not; [local] aliases come first.");
  }

  // USER:ADDRESS[:HOST[:PORT]]
  void read_alias(const TextLine& line) {
    const std::string_view text = std::string_view(line.text).substr(0, line.text.find('#'));
    const auto words = words_of(text, ": \t\r");
    if (text.find(':') == text.npos || words.size() < 2) return;
    std::string becomes = "[local] senders";
    findings_.settings.senders[proto::lower_case(words[0])] = words[1];
    if (words.size() > 2) becomes += route_sender(words[1], words[2], words.size() > 3 ? port_of(words[3]) : 25);
    findings_.take(kAliases + (":" + std::to_string(line.number)), line.text, becomes);
  }

  // For a host that is not the one for all mail.
  std::string route_sender(const std::string& address, const std::string& host, std::optional<std::uint16_t> port) {
    Settings& settings = findings_.settings;
    const NewRoute* const usual = settings.find_main_route();
    if (usual && usual->hosts.front() == host && usual->port == port) return {};
    NewRoute route = usual ? *usual : NewRoute();
    route.hosts = {host};
    route.port = port;
    for (const NewRoute& known : settings.routes)
      if (known.hosts == route.hosts && known.port == route.port) {
        settings.sender_routes[address] = known.name;
        return ", [sender] route";
      }
    route.name = settings.free_route_name(host);
    settings.sender_routes[address] = route.name;
    settings.routes.push_back(std::move(route));
    return ", [sender] route";
  }

  const Tree& tree_;
  Findings findings_;
  Keys keys_{findings_};
};

}  // namespace

Result<std::optional<Findings>> read_ssmtp(const Tree& tree) { return Ssmtp(tree).read(); }

}  // namespace mxpress::mta::migrate
