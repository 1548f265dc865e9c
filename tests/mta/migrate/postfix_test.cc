// The settings of Postfix.
#include "mta/migrate/postfix_config.h"
#include "tests/support/host_tree.h"

namespace mxpress::testing {

using mta::migrate::Findings;
using mta::migrate::parse_hop;
using mta::migrate::PostfixConfig;
using mta::migrate::read_postfix;
using mta::migrate::Tree;
using namespace test;

namespace {

const std::string kMain = "/etc/postfix/main.cf";

std::string value_of(const std::string& main_cf, const std::string& name) {
  const HostTree host;
  const Tree tree(host.folder.path());
  Findings findings;
  return PostfixConfig(tree, findings, main_cf).value(name);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("import of Postfix: parameters name others, go on in the next line, and the last one counts") {
  CHECK(value_of("a = 1\na = $b ${b} $(b)$$\n# a = 9\n  2\nb = x\n", "a") == "x x x$ 2");
  CHECK(value_of("a = ${b?yes} ${c?no} ${c:other} ${b:no} ${b?{then $b}:{else}} ${c?{then}:{else}}\nb = x\n", "a") ==
        "yes  other  then x else");
  CHECK(value_of("myhostname = web.here.example\n", "mydestination") == "web.here.example, localhost.here.example, localhost");
  CHECK(value_of("a = ${b", "a").empty());
}

TEST_CASE("import of Postfix: parameters that name themselves, or grow, come to an end") {
  CHECK(value_of("a = $b\nb = $a\n", "a").empty());
  std::string growing = "a0 = xxxxxxxxxx\n";
  for (int i = 1; i < 30; ++i) growing += "a" + std::to_string(i) + " = $a" + std::to_string(i - 1) + "$a" + std::to_string(i - 1) + "\n";
  CHECK(value_of(growing, "a10").size() == 10 * 1024);
  CHECK(value_of(growing, "a19").size() < 1 << 20);
  std::string wide = "b0 =\n";
  for (int i = 1; i < 20; ++i) {
    wide += "b" + std::to_string(i) + " =";
    for (int j = 0; j < 20; ++j) wide += "$b" + std::to_string(i - 1);
    wide += "\n";
  }
  CHECK(value_of(wide, "b19").empty());  // else 20^19 parameters
}

TEST_CASE("import of Postfix: next hops") {
  CHECK(parse_hop("[h.example]:587")->key() == "h.example");
  CHECK(parse_hop("[h.example]:submission")->port == 587);
  CHECK(parse_hop("example.org")->key() == "mx:example.org");
  CHECK(parse_hop("[IPv6:2001:db8::1]:25")->key() == "[2001:db8::1]");
  for (const char* const wrong : {"", "[h.example", "[]", "[h]:x", ":25"}) CHECK_FALSE(parse_hop(wrong));
}

TEST_CASE("import of Postfix: Debian's main.cf with a relay: what Postfix finds by the name of the host, and weak TLS as before") {
  HostTree host;
  host.write(
      kMain,
      "smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)\nbiff = no\nmyhostname = web.here.example\nmyorigin = /etc/mailname\n"
      "mydestination = $myhostname, shop.example, localhost\nrelayhost = [smtp.example.net]:587\ninet_interfaces = all\n"
      "smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd\nsmtp_sasl_security_options =\n"
      "smtp_tls_security_level=may\nsmtp_tls_CApath=/etc/ssl/certs\nrecipient_delimiter = +\nmailbox_command = procmail\n");
  host.write("/etc/mailname", "shop.example\n");
  host.write("/etc/postfix/sasl_passwd", "# c\nSMTP.example.net    me@example.net:a b:c\n[other]:587 u:p\n");
  const auto findings = host.read(read_postfix);
  CHECK(findings.settings.logins.at(0).password == "a b:c");
  CHECK(host.toml(read_postfix) ==
        "hostname = \"web.here.example\"\nsender_domain = \"shop.example\"\n"
        "local_domains = [\"web.here.example\", \"shop.example\", \"localhost\"]\n\n"
        "[route]\nhost = \"smtp.example.net\"\nport = 587\ntls = \"may\"\nauth = \"provider\"\n\n"
        "[credentials.provider]\nuser = \"me@example.net\"\npassword_file = \"/p/provider.password\"\nallow_cleartext = true\n");
  const std::string left = left_of(findings);
  CHECK(has(left, "main.cf:1 smtpd_banner = "));
  CHECK(has(left, "main.cf:7 inet_interfaces = all\n"));
  CHECK(has(left, "main.cf:14 mailbox_command = procmail\n"));
  CHECK(has(left, "sasl_passwd:3 [other]:587 u:(password)\n"));
  CHECK(has_note(findings, "is shown to any host that answers as smtp.example.net"));
}

TEST_CASE("import of Postfix: passwords that stand in main.cf are not shown") {
  HostTree host;
  host.write(kMain,
             "relayhost = [h.example]\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = inline:{h.example=u:secret}\n"
             "lmtp_sasl_password_maps = static:u:secret\nother = inline:{h.example=u:secret}\n");
  const auto findings = host.read(read_postfix);
  CHECK(findings.found.size() >= 4);
  for (const auto& one : findings.found) CHECK_FALSE(has(one.text + one.becomes, "secret"));
  for (const std::string& note : findings.notes) CHECK_FALSE(has(note, "secret"));
}

TEST_CASE("import of Postfix: levels of TLS") {
  HostTree host;
  const std::string common = "relayhost = [h.example]\nmydestination = localhost\nmyorigin = localhost\n";
  const std::string login = "smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = static:u:p\n";
  const auto toml = [&](const std::string& more) { return host.write(kMain, common + more).toml(read_postfix); };
  CHECK(has(toml("smtp_tls_security_level = encrypt\n"), "port = 25\ntls = \"encrypt\"\n"));
  CHECK(has(toml("smtp_tls_security_level = none\n"), "port = 25\ntls = \"none\"\n"));
  CHECK_FALSE(has(toml("smtp_tls_security_level = may\n"), "tls"));
  CHECK(has(toml("smtp_tls_security_level = secure\nsmtp_tls_CAfile = /ca.pem\n"), "port = 25\ntls = \"verify\"\nca_file = \"/ca.pem\"\n"));
  CHECK(has(toml(login + "smtp_tls_security_level = verify\n"), "port = 25\nauth = \"provider\"\n"));
  CHECK_FALSE(has(toml(login + "smtp_tls_security_level = encrypt\n"), "allow_cleartext"));  // noplaintext is the default
  CHECK(has(toml(login + "smtp_sasl_tls_security_options = noanonymous\n"), "tls = \"encrypt\"\n"));
  CHECK(has(toml(login + "smtp_tls_wrappermode = yes\nsmtp_tls_security_level = encrypt\nsmtp_sasl_security_options = noanonymous\n"),
            "tls = \"encrypt\"\nimplicit = true\n"));
  CHECK(has(toml("relayhost = example.net\n" + login + "smtp_sasl_security_options = noanonymous\n"),
            "host = \"mx:example.net\"\nport = 25\nauth = \"provider\"\n"));  // verified
  host.write("/etc/postfix/policy", "[h.example] secure match=x\n");
  CHECK(has(toml("smtp_tls_policy_maps = hash:/etc/postfix/policy\n"), "tls = \"verify\"\n"));
}

TEST_CASE("import of Postfix: routes of senders and destinations") {
  HostTree host;
  host.write(kMain,
             "relayhost = example.net\nmyorigin = localhost\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_security_options = noanonymous\n"
             "smtp_tls_security_level = secure\nsmtp_sender_dependent_authentication = yes\n"
             "smtp_sasl_password_maps = texthash:/etc/postfix/passwords\nsender_dependent_relayhost_maps = lmdb:/etc/postfix/relays\n"
             "transport_maps = hash:/etc/postfix/transport, regexp:/etc/postfix/t\n");
  host.write("/etc/postfix/passwords", "me@a.example a:1\n[b.example]:26 b:2\n");
  host.write("/etc/postfix/relays", "me@a.example [relay.example]:587\n@none.example DUNNO\n");
  host.write("/etc/postfix/transport",
             "x.example smtp:[b.example]:26\n.x.example :\ny.example hold:\nz.example local:\n* smtp:[all]\nuser@x.example smtp:[c]\n");
  CHECK(host.toml(read_postfix) ==
        "sender_domain = \"localhost\"\n\n[route]\nhost = \"mx:example.net\"\nport = 25\ntls = \"verify\"\n\n"
        "[route.me]\nhost = \"relay.example\"\nport = 587\nauth = \"provider\"\n\n"
        "[route.x-example]\nhost = \"b.example\"\nport = 26\nauth = \"provider-2\"\n\n"
        "[credentials.provider]\nuser = \"a\"\npassword_file = \"/p/provider.password\"\n\n"
        "[credentials.provider-2]\nuser = \"b\"\npassword_file = \"/p/provider-2.password\"\n\n"
        "[sender.\"me@a.example\"]\nroute = \"me\"\n\n[destination.\"*.x.example\"]\nroute = \"direct\"\n\n"
        "[destination.\"x.example\"]\nroute = \"x-example\"\n\n[destination.\"y.example\"]\nroute = \"hold\"\n");
  const auto findings = host.read(read_postfix);
  CHECK(left_of(findings) ==
        "/etc/postfix/relays:2 @none.example DUNNO\n/etc/postfix/transport:4 z.example local:\n/etc/postfix/transport:5 * smtp:[all]\n"
        "/etc/postfix/transport:6 user@x.example smtp:[c]\n");
  CHECK(has_note(findings, "regexp:/etc/postfix/t is not read"));
}

TEST_CASE("import of Postfix: renamed senders, limits, and users that nobody has") {
  HostTree host;
  host.write(
      kMain,
      "myhostname = web.here.example\nsmtp_generic_maps = hash:/etc/postfix/generic\nmaximal_queue_lifetime = 2\n"
      "delay_warning_time = 1w\nmessage_size_limit = 20480000\nluser_relay = admin@there.example\nalias_maps =\nhome_mailbox = Maildir/\n");
  host.write("/etc/postfix/generic",
             "root@web.here.example admin@x.example\nbob bobby\n@web.here.example @x.example\ncarl@else.example c@x.example\n");
  CHECK(host.toml(read_postfix) ==
        "hostname = \"web.here.example\"\nmax_message_size = \"20480000\"\n\n[local]\nalias_file = \"\"\n"
        "aliases = { \"*\" = \"admin@there.example\" }\n"
        "senders = { \"*\" = \"{user}@x.example\", bob = \"bobby@web.here.example\", root = \"admin@x.example\" }\n"
        "unknown_users = \"keep\"\ndeliver = \"maildir\"\n\n[retry]\nlifetime = \"2d\"\ndelay_notice = \"7d\"\n");
  CHECK(has(left_of(host.read(read_postfix)), "generic:4 carl@else.example c@x.example\n"));
}

TEST_CASE("import of Postfix: a table that cannot be read is an error, one without a text file is told") {
  HostTree host;
  host.write(kMain, "relayhost = [h.example]\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:/etc/postfix/gone\n");
  CHECK(has_note(host.read(read_postfix), "there is no text file /etc/postfix/gone"));
  boost::filesystem::create_directory(host.path("/etc/postfix/gone"));
  CHECK(has(host.error(read_postfix), "/etc/postfix/gone is a directory"));
}

}  // namespace mxpress::testing
