// The configuration file: every key, every kind of mistake, and the correctness of the commented file.
#include "mta/config/config.h"

#include <boost/filesystem/fstream.hpp>
#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <set>
#include <sstream>

#include "mta/config/config_fields.h"
#include "mta/config/endpoint.h"
#include "mta/config/host_name.h"
#include "mta/config/providers.h"
#include "tests/support/source_folder.h"

using namespace mxpress;
using namespace mxpress::mta;
using namespace std::chrono_literals;

namespace {

std::string shown(Config& config) {
  std::string text;
  for (const auto& field : config::fields_of(config)) text += field.table + "." + field.name + " = " + field.show() + "\n";
  return text;
}

std::string error_of(const std::string& toml) {
  const auto config = parse_config(toml, "x.toml");
  return config ? "no error" : config.error().message;
}

Config parsed(const std::string& toml) {
  auto config = parse_config(toml, "x.toml");
  INFO((config ? "" : config.error().message));
  REQUIRE(config);
  return std::move(*config);
}

proto::Domain domain(const std::string& text) { return *proto::Domain::parse(text); }

// etc/mxpress.toml with "#key" uncommented, and optionally the indented examples too.
std::string uncommented_file(bool with_examples) {
  boost::filesystem::ifstream file(test::source_folder() / "etc/mxpress.toml");
  REQUIRE(file);
  std::string result;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#     ") && with_examples)
      line = line.substr(6);
    else if (line.size() > 1 && line[0] == '#' && line[1] != ' ')
      line = line.substr(1);
    result += line + "\n";
  }
  return result;
}

struct Mistake {
  const char* toml;
  const char* message;  // the beginning of it
};

}  // namespace

TEST_CASE("config: an empty file gives the defaults that the issue names") {
  const Config config = parsed("");
  CHECK(config.listen.smtp == std::vector<std::string>{"127.0.0.1:25", "[::1]:25"});
  CHECK(config.listen.smtp_is_default);
  CHECK(config.spool_directory == "/var/spool/mxpress");
  CHECK(config.max_message_size == 50u << 20);
  CHECK(config.retry.lifetime == 120h);
  CHECK(config.retry.delay_notice == 4h);
  CHECK(config.local_domains == std::vector<proto::Domain>{domain(config.hostname), domain("localhost")});
  CHECK(parsed("local_domains = []\n").local_domains.empty());
}

TEST_CASE("config: the commented file, uncommented, is the defaults") {
  Config from_file = parsed(uncommented_file(false));
  Config defaults = parsed("");
  CHECK_FALSE(from_file.listen.smtp_is_default);
  CHECK(shown(from_file) == shown(defaults));
}

TEST_CASE("config: the commented file names every key, and its examples are accepted") {
  const std::string text = uncommented_file(true);
  Config config;
  for (const auto& field : config::fields_of(config)) CHECK_THAT(text, Catch::Contains("\n" + field.name + " = "));
  std::string without_empty_tables = text;
  for (const std::string empty : {"aliases = {}\n", "senders = {}\n"}) {
    const auto at = without_empty_tables.find(empty);
    REQUIRE(at != text.npos);
    without_empty_tables.erase(at, empty.size());
  }
  const Config examples = parsed(without_empty_tables);
  CHECK(examples.hostname == "mail.example.com");
  CHECK(examples.local.aliases.at("root").front() == "admin@example.com");
  CHECK(examples.route_for(domain("example.com"))->next_hops.hosts.at(0).host == "mail.example.com");
  CHECK(examples.route_for(domain("example.net"))->credentials == "provider");
  CHECK(examples.retry_for(domain("example.com")).delay_notice == 0s);
}

TEST_CASE("config: every key is read into its place") {
  const Config config = parsed(R"(
hostname = "MX.Example.org"
local_domains = ["example.org", "localhost"]
user = "mail"
max_message_size = 1000000
max_recipients = 500
[spool]
directory = "/srv/spool"
reserve = "64MB"
[listen]
smtp = ["0.0.0.0:2525", "[::]:2525"]
allow = ["192.0.2.0/24"]
submission_socket = "/run/a"
control_socket = "/run/b"
[dns]
servers = ["127.0.0.1:5353", "[::1]:53", "192.0.2.53"]
trusted = true
timeout = "3s"
attempts = 4
resolv_conf = "/etc/other.conf"
[delivery]
port = 2525
workers = 3
address_family = "ipv4"
allow_addresses = ["127.0.0.0/8"]
max_sessions = 20
max_sessions_per_site = 2
max_recipients = 7
tls = false
dane = false
[timeouts]
connect = "1s"
greeting = "2s"
hello = "3s"
tls = "4s"
mail = "5s"
rcpt = "6s"
data = "7s"
block = "8s"
dot = "9s"
quit = "10s"
session = "11s"
server_idle = "12s"
[retry]
schedule = "1s 2s*"
lifetime = "1h"
held_lifetime = "2h"
delay_notice = "30m"
[local]
aliases = { Root = "admin@example.com" }
mailbox_limit = "10MB"
allow_commands = true
command_user = "list"
command_socket = "/run/commands.sock"
)");
  CHECK(config.hostname == "mx.example.org");
  CHECK(config.is_local(domain("example.org")));
  CHECK_FALSE(config.is_local(domain("mx.example.org")));
  CHECK(config.user == "mail");
  CHECK(config.max_message_size == 1'000'000);
  CHECK(config.max_recipients == 500);
  CHECK(config.spool_directory == "/srv/spool");
  CHECK(config.spool_reserve == 64u << 20);
  CHECK(config.listen.smtp == std::vector<std::string>{"0.0.0.0:2525", "[::]:2525"});
  CHECK(config.listen.allow.size() == 1);
  CHECK(config.listen.submission_socket == "/run/a");
  CHECK(config.listen.control_socket == "/run/b");
  CHECK(config.dns.servers == std::vector<std::string>{"127.0.0.1:5353", "[::1]:53", "192.0.2.53"});
  CHECK(config.dns.trusted);
  CHECK(config.dns.timeout == Duration(3s));
  CHECK(config.dns.attempts == 4);
  CHECK(config.dns.resolv_conf == "/etc/other.conf");
  CHECK(config.delivery.port == 2525);
  CHECK(config.delivery.workers == 3);
  CHECK(config.delivery.address_family == dns::AddressFamily::ipv4);
  CHECK(config.delivery.allow_addresses.at(0).contains(*dns::Address::parse("127.9.9.9")));
  CHECK(config.delivery.max_sessions == 20);
  CHECK(config.delivery.max_sessions_per_site == 2);
  CHECK(config.delivery.max_recipients == 7);
  CHECK_FALSE(config.delivery.tls);
  CHECK_FALSE(config.delivery.dane);
  const Timeouts& t = config.timeouts;
  const Duration all[] = {t.connect, t.greeting, t.hello, t.tls, t.mail, t.rcpt, t.data, t.block, t.dot, t.quit, t.session, t.server_idle};
  for (int i = 0; i < 12; ++i) CHECK(all[i] == std::chrono::seconds(i + 1));
  CHECK(config.retry.schedule.to_string() == "1s 2s*");
  CHECK(config.retry.lifetime == 1h);
  CHECK(config.retry.held_lifetime == 2h);
  CHECK(config.retry.delay_notice == 30min);
  CHECK(config.local.aliases.at("root").front() == "admin@example.com");
  CHECK(config.local.mailbox_limit == 10u << 20);
  CHECK(config.local.allow_commands);
  CHECK(config.local.command_user == "list");
  CHECK(config.local.command_socket == "/run/commands.sock");
}

TEST_CASE("config: a command is read word by word, and shown as it can be read again") {
  const std::string text =
      "[credentials.me]\nuser = \"me\"\npassword_command = [\"/usr/bin/pass\", \"a b\", 'say \"x\" \\', \"\", \"\u00fc\"]\n"
      "[runner]\nsocket = \"/run/other\"\ntimeout = \"5s\"\n";
  Config config = parsed(text);
  const std::vector<std::string> words = {"/usr/bin/pass", "a b", "say \"x\" \\", "", "\u00fc"};
  CHECK(config.credentials.at("me").password_command == words);
  CHECK(config.runner.socket == "/run/other");
  CHECK(config.runner.timeout == 5s);
  for (const auto& field : config::fields_of(config.credentials.at("me")))
    if (field.name == "password_command")
      CHECK(parsed("[credentials.me]\nuser = \"me\"\npassword_command = " + field.show()).credentials.at("me").password_command == words);
}

TEST_CASE("config: keys of a destination go over the general ones, the others keep theirs") {
  const Config config = parsed(R"(
[destination."example.com"]
route = "[2001:db8::1]:2525"
max_sessions = 1
retry = { lifetime = "1d" }
[destination."example.net".retry]
delay_notice = "0"
[retry]
lifetime = "3d"
delay_notice = "1h"
)");
  const auto one = domain("example.com"), two = domain("example.net"), other = domain("example.org");
  CHECK(config.route_for(one)->next_hops.hosts == std::vector<HostPort>{{"2001:db8::1", 2525}});
  CHECK(config.route_for(one)->source == "[destination.\"example.com\"] route");
  CHECK_FALSE(config.route_for(other));
  CHECK(config.max_sessions_for(one) == 1);
  CHECK(config.max_sessions_for(two) == config.delivery.max_sessions_per_site);
  CHECK(config.retry_for(one).lifetime == 24h);
  CHECK(config.retry_for(one).delay_notice == 1h);
  CHECK(config.retry_for(two).lifetime == 72h);
  CHECK(config.retry_for(two).delay_notice == 0h);
  CHECK(config.retry_for(other).lifetime == 72h);
}

TEST_CASE("config: each mistake is an error that names file, line and key, and what is wanted") {
  const Mistake mistakes[] = {
      {"hostnam = \"a.example\"", "x.toml:1: unknown key hostnam; did you mean \"hostname\"?"},
      {"\n[delivery]\nworker = 3", "x.toml:3: unknown key [delivery] worker; did you mean \"workers\"?"},
      {"workers = 3", "x.toml:1: unknown key workers; did you mean \"workers\" in [delivery]?"},
      {"submission_socket = \"/a\"", "x.toml:1: unknown key submission_socket; did you mean \"submission_socket\" in [listen]?"},
      {"[delivry]\nport = 25", "x.toml:1: unknown key delivry; did you mean \"delivery\"?"},
      {"[retry]\nlifetime = \"5d\"\nzzzzzzzzzzzzz = 1", "x.toml:3: unknown key [retry] zzzzzzzzzzzzz"},
      {"smtp_password = \"x\"", "x.toml:1: unknown key smtp_password (a secret never belongs in this file"},
      {"[route]\nprovider = \"gmial\"", "x.toml:2: [route] provider: \"gmial\" is none of gmail, microsoft365"},
      {"[local]\nsenders = { root = \"admin\" }", "x.toml:2: [local] senders: root: \"admin\" is not one mail address"},
      {"[local]\ndeliver = \"mbx\"", "x.toml:2: [local] deliver: must be \"mbox\", \"maildir\", \"keep\", "},
      {"[local]\ndeliver = \"lmtp:\"", "x.toml:2: [local] deliver: must be \"mbox\""},
      {"[local]\ndeliver = \"lmtp:a.example:x\"", "x.toml:2: [local] deliver: \"a.example:x\" is not a host"},
      {"[route]\nport = 587", "x.toml:1: [route] host is missing"},
      {"[route]\nhost = []", "x.toml:2: [route] host: must be a host"},
      {"[route]\nhost = \"smtp.example.com:x\"", "x.toml:2: [route] host: \"smtp.example.com:x\" is not a host"},
      {"[route]\nhost = \"mx:\"", "x.toml:2: [route] host: "},
      {"[route]\nhst = \"a.example\"", "x.toml:2: unknown key [route] hst; did you mean \"host\"?"},
      {"[route]\nhost = \"a.example\"\ntls = \"yes\"",
       "x.toml:3: [route] tls: must be \"none\", \"may\", \"encrypt\" or \"verify\", not \"yes\""},
      {"[route]\nhost = \"a.example\"\ntls = \"may\"\nimplicit = true", "x.toml:4: [route] implicit = true begins with TLS"},
      {"[route]\nhost = \"a.example\"\npin = \"sha256/abc\"", "x.toml:3: [route] pin: must be \"sha256/\""},
      {"[route]\nhost = \"a.example\"\nauth = \"me\"", "x.toml:3: [route] auth: there is no [credentials.me]"},
      {"[route]\nhost = \"mx:a.example\"\ntls = \"encrypt\"\nauth = \"me\"\n[credentials.me]\nuser = \"me\"\npassword_file = \"/a\"",
       "x.toml:4: [route] auth: with host = \"mx:...\" the DNS names the host"},
      {"[route]\nhost = \"a.example\"\nrate = \"0/h\"", "x.toml:3: [route] rate: \"0/h\" lets nothing through: write at least 1"},
      {"[route]\nhost = \"a.example\"\nrate = \"-1/s\"",
       "x.toml:3: [route] rate: \"-1/s\" must begin with a whole number from 1 to 10000000"},
      {"[route]\nhost = \"a.example\"\nrate = \"1e9/s\"",
       "x.toml:3: [route] rate: \"1e9/s\" must begin with a whole number from 1 to 10000000"},
      {"[route]\nhost = \"a.example\"\nrate = \"20000000/s\"", "x.toml:3: [route] rate: \"20000000/s\" must begin with a whole number"},
      {"[route]\nhost = \"a.example\"\nrate = \"100\"",
       "x.toml:3: [route] rate: \"100\" does not say in which time: write 100/s, /m, /h or /d, such as \"100/h\""},
      {"[route]\nhost = \"a.example\"\nrate = \"100/w\"",
       "x.toml:3: [route] rate: \"100/w\" must end with /s, /m, /h or /d (second, minute, hour, day), such as \"100/d\""},
      {"[route]\nhost = \"a.example\"\nrate = 100", "x.toml:3: [route] rate: must be a rate such as \"100/h\", or a list"},
      {"[route]\nhost = \"a.example\"\nrecipient_rate = [\"1/h\", 2]", "x.toml:3: [route] recipient_rate: must be a rate such as"},
      {"[route]\nhost = \"a.example\"\nrate = [\"1/h\", \"2/h\"]", "x.toml:3: [route] rate: names two limits for the same time (/h)"},
      {"[route.a]\nhost = \"a.example\"\nauth = \"me\"\nrate = \"1/h\"\n[route.b]\nhost = \"b.example\"\nauth = \"me\"\nrate = \"2/h\"\n"
       "[credentials.me]\nuser = \"me\"\npassword_file = \"/a\"",
       "x.toml:8: [route.b] rate differs from that of [route.a], which signs in with the same auth = \"me\""},
      {"[route.\"my host\"]\nhost = \"a.example\"", "x.toml:1: [route.my host]: a name has letters"},
      {"[sender.\"office\"]\nroute = \"direct\"", "x.toml:1: [sender.\"office\"]: is neither an address, nor"},
      {"[sender.\"@a b\"]\nroute = \"direct\"", "x.toml:1: [sender.\"@a b\"]: "},
      {"[sender.\"@a.example\"]\nroute = \"offise\"", "x.toml:2: [sender.\"@a.example\"] route: there is no [route.offise]"},
      {"[sender.\"@a.example\"]\nusers = \"me\"", "x.toml:2: [sender.\"@a.example\"] users: must be a list of names and numbers of users"},
      {"[sender.\"@a.example\"]\nusers = [-1]", "x.toml:2: [sender.\"@a.example\"] users: must be a list"},
      {"[sender.\"@a.example\"]\nothers = \"hold\"",
       "x.toml:2: [sender.\"@a.example\"] others: must be \"refuse\" or \"direct\", not \"hold\""},
      {"[sender.\"A@x.example\"]\n[sender.\"a@X.example\"]", "x.toml:2: [sender.\"a@X.example\"] is there twice"},
      {"sender = 5", "x.toml:1: sender must be a table, such as [sender.\"@example.com\"]"},
      {"[route]\nhost = \"a.example\"\ntransport = \"fax\"", "x.toml:3: [route] transport: must be \"smtp\" or \"hold\", not \"fax\""},
      {"[route]\nhost = \"a.example\"\ntransport = \"hold\"", "x.toml:3: [route] transport = \"hold\" sends nothing"},
      {"[route.hold]\nhost = \"a.example\"", "x.toml:1: [route.hold]: \"hold\" stands for no route"},
      {"[route]\nhost = \"a.example\"\nsource = \"eth0\"", "x.toml:3: [route] source: must be an address of this host"},
      {"[route]\nhost = \"a.example\"\nsource = \"0.0.0.0\"", "x.toml:3: [route] source: must be an address of this host"},
      {"redirect = \"staging\"", "x.toml:1: redirect: \"staging\" is not one mail address"},
      {"always_bcc = 5", "x.toml:1: always_bcc: must be a mail address, not an integer"},
      {"[route.direct]\nhost = \"a.example\"", "x.toml:1: [route.direct]: \"direct\" stands for no route"},
      {"route = 5", "x.toml:1: route must be a table"},
      {"[destination.\"a.example\"]\nroute = \"offise\"\n[route.office]\nhost = \"b.example\"",
       "x.toml:2: [destination.\"a.example\"] route: there is no [route.offise]"},
      {"[credentials.me]\npassword_file = \"/a\"", "x.toml:1: [credentials.me] user is missing"},
      {"[credentials.me]\nuser = \"me\"", "x.toml:1: [credentials.me] password_file is missing"},
      {"[credentials.me]\nuser = \"me\"\npassword_file = \"/a\"\npassword_credential = \"b\"",
       "x.toml:1: [credentials.me] password_file, password_credential, password_command and certificate_file: set one of them"},
      {"[credentials.me]\nuser = \"me\"\npassword_file = \"/a\"\npassword_command = [\"/b\"]",
       "x.toml:1: [credentials.me] password_file, password_credential, password_command and certificate_file: set one of them"},
      {"[credentials.me]\nuser = \"me\"\npassword_command = \"/usr/bin/pass show mail\"",
       "x.toml:3: [credentials.me] password_command: must be a program with its full path"},
      {"[credentials.me]\nuser = \"me\"\npassword_command = []",
       "x.toml:3: [credentials.me] password_command: must be a program with its full path"},
      {"[credentials.me]\nuser = \"me\"\npassword_command = [\"pass\", \"show\"]",
       "x.toml:3: [credentials.me] password_command: must begin with the full path of a program"},
      {"[credentials.me]\nuser = \"me\"\npassword_command = [\"/usr/bin/pass\", 1]",
       "x.toml:3: [credentials.me] password_command: must be a program with its full path"},
      {"[credentials.me]\nuser = \"me\"\npassword_command = [\"/usr/bin/pass\", \"a\\u0000b\"]",
       "x.toml:3: [credentials.me] password_command: \"ab\" is too long, or has a control character"},
      {"[runner]\ntimeout = \"1h\"", "x.toml:2: [runner] timeout"},
      {"[credentials.me]\nuser = \"me\"\npassword = \"x\"",
       "x.toml:3: unknown key [credentials.me] password (a secret never belongs in this file: see password_file"},
      {"[credentials.me]\nuser = \"me\"\npassword_file = \"/a\"\nmechanisms = [\"NTLM\"]",
       "x.toml:4: [credentials.me] mechanisms: \"NTLM\" is none of EXTERNAL, OAUTHBEARER"},
      {"[credentials.me]\nuser = \"me\"\npassword_file = \"/a\"\nmechanisms = [\"PLAIN\", \"XOAUTH2\"]",
       "x.toml:1: [credentials.me] mechanisms: EXTERNAL is for certificate_file, OAUTHBEARER and XOAUTH2 are for access tokens"},
      {"[credentials.me]\nuser = \"me\"\nclient_id = \"x\"\noauth = \"microsoft\"\nmechanisms = [\"PLAIN\"]",
       "x.toml:1: [credentials.me] mechanisms: EXTERNAL is for certificate_file, OAUTHBEARER and XOAUTH2 are for access tokens"},
      {"[credentials.me]\nuser = \"me\"\noauth = \"microsoft\"", "x.toml:1: [credentials.me] client_id is missing"},
      {"[credentials.me]\nuser = \"me\"\npassword_file = \"/a\"\nclient_id = \"x\"",
       "x.toml:1: [credentials.me] client_id and client_secret_file are for oauth"},
      {"[credentials.me]\nuser = \"me\"\nclient_id = \"x\"\noauth = \"google\"\npassword_file = \"/a\"",
       "x.toml:1: [credentials.me] oauth and a password"},
      {"[credentials.me]\nuser = \"me\"\nclient_id = \"x\"\noauth = \"yahoo\"",
       "x.toml:4: [credentials.me] oauth: must be \"microsoft\", \"google\", or a table"},
      {"[credentials.me]\nuser = \"me\"\nclient_id = \"x\"\noauth = { token = \"https://a.example\" }",
       "x.toml:4: [credentials.me] oauth: unknown key token; it has provider"},
      {"[credentials.me]\nuser = \"me\"\nclient_id = \"x\"\noauth = { token_url = \"http://a.example\" }",
       "x.toml:4: [credentials.me] oauth: token_url: \"http://a.example\" is no https address"},
      {"[credentials.me]\nuser = \"me\"\nclient_id = \"x\"\noauth = { token_url = \"https://a.example/t\", scope = \"mail\" }",
       "x.toml:1: [credentials.me] oauth: device_url or authorization_url is missing"},
      {"[credentials.me]\nuser = \"me\"\nclient_id = \"x\"\noauth = { provider = \"google\", tenant = \"a.example\" }",
       "x.toml:1: [credentials.me] oauth: tenant is for provider = \"microsoft\""},
      {"[credentials.me]\nuser = \"me\"\nclient_id = \"x\"\noauth = { provider = \"microsoft\", tenant = \"a/b\" }",
       "x.toml:4: [credentials.me] oauth: tenant: must be the id or a domain"},
      {"hostname = 5", "x.toml:1: hostname: must be a host name, not an integer"},
      {"hostname = \"localhost\"", "x.toml:1: hostname: must be the name that the DNS has for this host"},
      {"hostname = \"a b\"", "x.toml:1: hostname: "},
      {"user = \"root\"", "x.toml:1: user: must be the name of an unprivileged user"},
      {"max_message_size = \"50 apples\"", "x.toml:1: max_message_size: \"50 apples\" is not a size"},
      {"max_message_size = \"99999999999999TB\"", "x.toml:1: max_message_size: "},
      {"max_message_size = -1", "x.toml:1: max_message_size: must not be negative"},
      {"max_message_size = 1.5", "x.toml:1: max_message_size: must be a size such as \"50MB\" or a number of octets, not a number with"},
      {"max_recipients = 5", "x.toml:1: max_recipients: must be an integer from 100"},
      {"spool = \"/var\"", "x.toml:1: spool must be a table, not a string"},
      {"[spool]\ndirectory = \"spool\"", "x.toml:2: [spool] directory: must be an absolute path"},
      {"[listen]\nsmtp = \"127.0.0.1:25\"", "x.toml:2: [listen] smtp: must be a list of addresses with ports, not a string"},
      {"[listen]\nsmtp = [\n\"127.0.0.1:25\",\n\"::1:25\"]", "x.toml:2: [listen] smtp: \"::1:25\" is not an address with port"},
      {"[listen]\nsmtp = [\"127.0.0.1:65536\"]", "x.toml:2: [listen] smtp: \"127.0.0.1:65536\" is not"},
      {"[listen]\nsmtp = [\"0.0.0.0:25\"]", "x.toml:2: [listen] smtp: 0.0.0.0:25 is reachable from other hosts"},
      {"[listen]\ncontrol_socket = \"/run/mxpress/submission\"", "x.toml:2: [listen] submission_socket and control_socket must differ"},
      {"[dns]\ntimeout = 5", "x.toml:2: [dns] timeout: must be a duration such as"},
      {"[dns]\nservers = [\"ns.example\"]", "x.toml:2: [dns] servers: \"ns.example\" is not an address"},
      {"[delivery]\nport = 0", "x.toml:2: [delivery] port: must be an integer from 1 to 65535, not 0"},
      {"[delivery]\ntls = \"yes\"", "x.toml:2: [delivery] tls: must be true or false, not a string"},
      {"[delivery]\naddress_family = \"ipv5\"", "x.toml:2: [delivery] address_family: must be \"any\", \"ipv4\" or \"ipv6\", not \"ipv5\""},
      {"[delivery]\nallow_addresses = [\"10.0.0.0/33\"]", "x.toml:2: [delivery] allow_addresses: "},
      {"[timeouts]\nconnect = \"2 weeks\"", "x.toml:2: [timeouts] connect: "},
      {"[retry]\nschedule = \"soon\"", "x.toml:2: [retry] schedule: "},
      {"[retry]\nlifetime = \"3h\"", "x.toml:2: [retry] delay_notice must be shorter than lifetime"},
      {"[local]\naliases = { root = \"nobody at home\" }", "x.toml:2: [local] aliases: root: \"nobody at home\" is not one mail address: "},
      {"[local]\naliases = { \"bob@here.example\" = \"b@x.example\" }", "x.toml:2: [local] aliases: \"bob@here.example\": write only"},
      {"[local]\naliases = { root = [\"a@b.example\", 7] }",
       "x.toml:2: [local] aliases: root: must be one mail address in quotes, or a list of them, not an integer"},
      {"[local]\naliases = { root = [] }", "x.toml:2: [local] aliases: root: has no target"},
      {"[local]\naliases = { root = \"a@b.example, c@b.example\" }",
       "x.toml:2: [local] aliases: root: \"a@b.example, c@b.example\" is not one mail address: write several as a list"},
      {"[local]\naliases = { root = \"|/bin/true\" }",
       "x.toml:2: [local] aliases: root: \"|/bin/true\" is not one mail address: commands get no mail"},
      {"[local]\naliases = { root = \":include:list\" }",
       "x.toml:2: [local] aliases: root: \":include:list\" is not one mail address: \"list\" is no absolute path"},
      {"[local]\nunknown_users = \"bounce\"", "x.toml:2: [local] unknown_users: must be \"refuse\" or \"keep\", not \"bounce\""},
      {"[destination.example.com]\nroute = \"h\"",
       "x.toml:1: unknown key [destination.\"example\"] com (a domain stands in quotes: [destination.\"example.com\"])"},
      {"[destination.\"a b\"]\nroute = \"h\"", "x.toml:1: [destination.\"a b\"]: "},
      {"[destination.\"a.example\"]\nrout = \"h\"", "x.toml:2: unknown key [destination.\"a.example\"] rout; did you mean \"route\"?"},
      {"[destination.\"a.example\"]\nroute = \"h:0\"", "x.toml:2: [destination.\"a.example\"] route: \"h:0\" is not a host with port"},
      {"[destination.\"a.example\".retry]\nlifetim = \"1d\"",
       "x.toml:2: unknown key [destination.\"a.example\".retry] lifetim; did you mean \"lifetime\"?"},
      {"hostname = \"a.example\"\nhostname = \"b.example\"", "x.toml:2: not valid TOML: "},
      {"hostname = a.example",
       "x.toml:1: not valid TOML: Error while parsing value: could not determine value type (text stands in quotes"},
      {"hostname = ", "x.toml:1: not valid TOML: "},
      {"\n\n= 3", "x.toml:3: not valid TOML: "},
  };
  for (const Mistake& mistake : mistakes) {
    INFO(mistake.toml);
    CHECK_THAT(error_of(mistake.toml), Catch::StartsWith(mistake.message));
  }
}

TEST_CASE("config: all mistakes of a file are told at once, in the order of its lines") {
  CHECK_THAT(error_of("hostname = 1\n[delivery]\nport = 0\n"),
             Catch::Contains("x.toml:1: hostname") && Catch::Contains("\nx.toml:3: [delivery] port"));
}

TEST_CASE("config: control characters of a file never reach the error") {
  const std::string message = error_of("\"\\u001b[31m\" = 1\nuser = \"\\u001b]0;x\"\n[delivery]\naddress_family = \"\\u0007\"");
  CHECK(message.find('\x1b') == message.npos);
  CHECK(message.find('\x07') == message.npos);
}

TEST_CASE("config: a file that was named must be there, the default one need not") {
  const auto config = load_config(boost::filesystem::path("/nonexistent/mxpress.toml"));
  REQUIRE_FALSE(config);
  CHECK_THAT(config.error().message, Catch::StartsWith("cannot read /nonexistent/mxpress.toml: No such file"));
}

TEST_CASE("config: the host name comes from mailname, else the node name, else /etc/hosts, and is never localhost") {
  namespace fs = boost::filesystem;
  const fs::path folder = fs::temp_directory_path() / fs::unique_path();
  fs::create_directory(folder);
  const auto write = [](const fs::path& path, const std::string& text) { fs::ofstream(path) << text; };
  std::vector<std::string> warnings;
  config::HostNameSources sources{folder / "mailname", folder / "hosts", "web1"};
  write(sources.hosts, "127.0.0.1 localhost\n# 10.0.0.1 web1.comment.example web1\n127.0.1.1\tweb1.example.org web1 # here\n");
  CHECK(config::find_host_name(sources, warnings) == "web1.example.org");
  write(sources.mailname, "Mail.Example.org\n");
  CHECK(config::find_host_name(sources, warnings) == "mail.example.org");
  CHECK(warnings.empty());

  write(sources.mailname, "localhost\n");
  sources.node_name = "db2";
  CHECK(config::find_host_name(sources, warnings) == "db2");
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Catch::Contains("\"db2\" is not fully qualified") && Catch::Contains("set hostname ="));
  for (const char* node : {"localhost", "localhost.localdomain"}) {
    sources.node_name = node;
    CHECK(config::find_host_name(sources, warnings) == "unnamed-host.invalid");
  }
  sources.node_name = "db2.example.net";
  CHECK(config::find_host_name(sources, warnings) == "db2.example.net");
  fs::remove_all(folder);
}

TEST_CASE("config: a host name without a dot is accepted with a warning") {
  CHECK(parsed("hostname = \"a.example\"").warnings.empty());
  CHECK(parsed("hostname = \"web1\"").warnings.size() == 1);
}

TEST_CASE("config: sizes are powers of 1024 and come back as written") {
  CHECK(*config::parse_size("50MB") == 50u << 20);
  CHECK(*config::parse_size("512k") == 512u << 10);
  CHECK(*config::parse_size("7") == 7);
  CHECK_FALSE(config::parse_size(""));
  CHECK_FALSE(config::parse_size("MB"));
  CHECK_FALSE(config::parse_size("-5MB"));
  CHECK(config::format_size(50u << 20) == "50MB");
  CHECK(config::format_size(1'000'000) == "1000000");
  CHECK(config::format_size(0) == "0");
}

namespace {

// The keys explained in mxpress.toml(5), as "table.key": a .TP line, the key in bold, and a text of more than a few words.
std::set<std::string> explained_keys() {
  boost::filesystem::ifstream file(test::source_folder() / "docs/mxpress.toml.5");
  std::set<std::string> keys;
  std::string line, table, key;
  std::size_t octets = 0;
  const auto end_entry = [&] {
    if (!key.empty() && octets > 10) keys.insert(table + "." + key);
    key.clear();
    octets = 0;
  };
  while (std::getline(file, line)) {
    if (line == ".TP" || line.starts_with(".SH ")) end_entry();
    if (line.starts_with(".SH ")) table = line[4] == '[' ? line.substr(5, line.find_first_of(".]", 5) - 5) : "";
    const bool is_name = key.empty() && octets == 0 && line.starts_with(".B ");
    if (is_name) key = line.substr(3);
    if (!is_name) octets += line.size();
    if (line.starts_with(".SH") || line == ".TP") octets = 0;
  }
  return keys;
}

}  // namespace

TEST_CASE("config: mxpress.toml(5) explains every key, and no other") {
  Config config = parsed("hostname = \"a.example\"");
  DestinationConfig destination;
  std::set<std::string> known;
  for (const auto& field : config::fields_of(config)) known.insert(field.table + "." + field.name);
  for (const auto& field : config::fields_of(destination, config.retry))
    known.insert("destination." + (field.table.empty() ? field.name : field.table));
  RouteConfig route;
  CredentialsConfig credentials;
  DkimConfig dkim;
  SenderConfig sender;
  for (const auto& field : config::fields_of(sender)) known.insert("sender." + field.name);
  for (const auto& field : config::fields_of(dkim)) known.insert("dkim." + field.name);
  for (const auto& field : config::fields_of(route)) known.insert("route." + field.name);
  for (const auto& field : config::fields_of(credentials)) known.insert("credentials." + field.name);
  CHECK(explained_keys() == known);
}
