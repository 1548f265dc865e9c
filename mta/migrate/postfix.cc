// Reads the configuration of Postfix, as in postconf(5).
#include <algorithm>

#include "mta/migrate/postfix_config.h"
#include "mta/migrate/postfix_routes.h"
#include "mta/migrate/programs.h"
#include "mta/migrate/text.h"
#include "proto/ascii.h"

namespace mxpress::mta::migrate {
namespace {

// "5d", "1w", "30" of a unit, in the notation of mxpress. Empty: it is not a duration.
std::string duration_of(std::string_view text, char unit) {
  std::uint64_t number = 0;
  std::size_t at = 0;
  for (; at < text.size() && proto::is_digit(text[at]) && number < 1'000'000; ++at)
    number = number * 10 + static_cast<std::uint64_t>(text[at] - '0');
  if (at == 0 || text.size() > at + 1) return {};
  if (at < text.size()) unit = text[at];
  if (number == 0) return "0";
  if (unit == 'w') return std::to_string(number * 7) + "d";
  return std::string_view("smhd").find(unit) == std::string_view::npos ? std::string() : std::to_string(number) + unit;
}

class Postfix {
 public:
  Postfix(const Tree& tree, std::string_view main_cf) : tree_(tree), config_(tree, findings_, main_cf) { findings_.program = "postfix"; }

  Result<Findings> read() {
    if (const Status names = take_names(); !names) return names.error();
    if (const Status routes = PostfixRoutes(config_, findings_).read(); !routes) return routes.error();
    for (const char* const name : {"smtp_generic_maps", "sender_canonical_maps", "canonical_maps"})
      if (const Status senders = take_senders(name); !senders) return senders.error();
    if (const Status aliases = take_aliases(); !aliases) return aliases.error();
    take_null_client();
    take_times();
    take_rest();
    config_.leave_rest();
    return std::move(findings_);
  }

 private:
  Settings& settings() { return findings_.settings; }

  Status take_names() {
    if (config_.is_set("myhostname")) settings().hostname = config_.value("myhostname");
    config_.take("myhostname", "hostname");
    config_.take("smtp_helo_name", config_.value("smtp_helo_name") == settings().hostname ? "hostname" : "nothing: hostname is said");
    origin_ = config_.value("myorigin");
    if (origin_.starts_with('/')) {
      const auto text = tree_.read(origin_);
      if (!text) return text.error();
      origin_ = first_line(text->value_or(""));
    }
    if (config_.is_set("myorigin") || config_.is_set("masquerade_domains")) settings().sender_domain = masqueraded(origin_);
    config_.take("myorigin", "sender_domain");
    config_.take("masquerade_domains", "sender_domain");
    for (const std::string& name : config_.list("mydestination")) {
      if (name.find_first_of("/:!") == name.npos)
        locals_.push_back(proto::lower_case(name));
      else
        findings_.note("mydestination: " + name + " is no domain, and is not read.");
    }
    if (config_.is_set("mydestination")) settings().local_domains = locals_;
    config_.take("mydestination", locals_.empty() ? "nothing: hostname and localhost stay local" : "local_domains");
    config_.take("mydomain", "nothing: names have been completed by it");
    return {};
  }

  // "user@host.x.example" becomes "user@x.example" if x.example is masqueraded.
  std::string masqueraded(const std::string& domain) const {
    for (const std::string& name : config_.list("masquerade_domains")) {
      const bool is_exempt = name.starts_with('!');
      const std::string parent = proto::lower_case(is_exempt ? name.substr(1) : name), lower = proto::lower_case(domain);
      if (lower == parent || lower.ends_with("." + parent)) return is_exempt ? domain : parent;
    }
    return domain;
  }

  bool is_ours(const std::string& domain) {
    return domain == proto::lower_case(settings().hostname) || domain == proto::lower_case(origin_) ||
           domain == proto::lower_case(settings().sender_domain) || std::find(locals_.begin(), locals_.end(), domain) != locals_.end();
  }

  Status take_senders(const std::string& name) {
    const auto entries = config_.table(name);
    if (!entries) return entries.error();
    for (const TableEntry& entry : *entries) take_sender(entry);
    config_.take(name, "[local] senders");
    if (!entries->empty() && name != "sender_canonical_maps")
      findings_.note(name + " renames recipients, too; [local] senders renames senders alone.");
    return {};
  }

  // "USER@DOMAIN ADDRESS", "USER ADDRESS", "@DOMAIN ADDRESS", "@DOMAIN @NEW".
  void take_sender(const TableEntry& entry) {
    const auto at = entry.key.rfind('@');
    const std::string user = entry.key.substr(0, at);
    std::string address = entry.value;
    if (address.find('@') == address.npos) address += "@" + origin_;
    if (at != entry.key.npos && !is_ours(entry.key.substr(at + 1))) return findings_.leave(entry.place, entry.key + " " + entry.value);
    settings().senders[user.empty() ? "*" : user] = address.starts_with('@') ? "{user}" + address : address;
    findings_.take(entry.place, entry.key + " " + entry.value, "[local] senders");
  }

  Status take_aliases() {
    std::vector<std::string> files;
    for (const std::string& spec : config_.list("alias_maps")) {
      const auto colon = spec.find(':');
      const std::string file = spec.substr(colon == spec.npos ? 0 : colon + 1);
      if (file.starts_with('/'))
        files.push_back(file);
      else
        findings_.note("alias_maps: " + spec + " is not read.");
    }
    if (files.size() > 1) findings_.note("alias_maps names several files; [local] alias_file is one: " + files.front() + ".");
    if (files.empty())
      settings().alias_file = "";
    else if (const auto text = tree_.read(files.front()); text)
      findings_.read_aliases(*text, files.front(), "");
    else
      return text.error();
    config_.take("alias_maps", "[local] alias_file");
    config_.take("alias_database", "nothing: mxpress reads the text, and builds nothing");
    return {};
  }

  // Mail for a name without domain leaves the host if myorigin is not local.
  void take_null_client() {
    if (is_local(origin_)) return;
    const auto renamed = settings().senders.find("root");
    settings().aliases["root"] = {renamed == settings().senders.end() ? "root@" + masqueraded(origin_) : renamed->second};
    findings_.note(
        "myorigin is not in mydestination: mail for users of this host left it. root has an alias now; each other user whose mail is to "
        "leave needs one, too.");
  }
  bool is_local(const std::string& domain) const {
    return domain.empty() || std::find(locals_.begin(), locals_.end(), proto::lower_case(domain)) != locals_.end();
  }

  void take_times() {
    settings().lifetime = config_.is_set("maximal_queue_lifetime") ? duration_of(config_.value("maximal_queue_lifetime"), 'd') : "";
    config_.take("maximal_queue_lifetime", "[retry] lifetime");
    if (!config_.is_set("delay_warning_time")) return;
    settings().delay_notice = duration_of(config_.value("delay_warning_time"), 'h');
    config_.take("delay_warning_time", "[retry] delay_notice");
  }

  void take_rest() {
    if (const std::string relay = config_.value("luser_relay"); !relay.empty()) {
      settings().aliases["*"] = {relay};
      settings().keeps_unknown_users = true;
      config_.take("luser_relay", "[local] aliases \"*\", unknown_users");
    }
    if (config_.is_set("local_recipient_maps") && config_.value("local_recipient_maps").empty()) settings().keeps_unknown_users = true;
    config_.take("local_recipient_maps",
                 settings().keeps_unknown_users ? "[local] unknown_users" : "nothing: users of this host and aliases are known");
    config_.take("recipient_delimiter", config_.value("recipient_delimiter") == "+" ? "nothing: user+tag is always for user"
                                                                                    : "nothing: only + has a counterpart");
    if (const std::string size = config_.value("message_size_limit"); size != "0") settings().max_message_size = size;
    config_.take("message_size_limit",
                 settings().max_message_size.empty() ? "nothing: max_message_size has its default" : "max_message_size");
    settings().always_bcc = config_.value("always_bcc");
    config_.take("always_bcc", "always_bcc");
    if (config_.value("home_mailbox") == "Maildir/") {
      settings().deliver = "maildir";
      config_.take("home_mailbox", "[local] deliver");
    }
    for (const char* const name : {"compatibility_level", "inet_protocols", "append_dot_mydomain", "biff", "readme_directory",
                                   "html_directory", "manpage_directory", "queue_directory", "command_directory", "daemon_directory",
                                   "data_directory", "mail_owner", "setgid_group", "mailbox_size_limit", "smtp_tls_session_cache_database"})
      config_.take(name, "nothing is needed");
    if (config_.value("inet_interfaces") == "loopback-only" || config_.value("inet_interfaces") == "localhost")
      config_.take("inet_interfaces", "nothing: the default of [listen] smtp");
    findings_.note("/etc/postfix/master.cf is not read.");
  }

  const Tree& tree_;
  Findings findings_;
  PostfixConfig config_;
  std::string origin_;               // for addresses without domain
  std::vector<std::string> locals_;  // mydestination
};

}  // namespace

Result<std::optional<Findings>> read_postfix(const Tree& tree) {
  const auto text = tree.read("/etc/postfix/main.cf");
  if (!text) return text.error();
  if (!*text) return std::optional<Findings>();
  auto findings = Postfix(tree, **text).read();
  if (!findings) return findings.error();
  return std::optional(std::move(*findings));
}

}  // namespace mxpress::mta::migrate
