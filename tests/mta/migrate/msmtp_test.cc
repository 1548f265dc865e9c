// The settings of msmtp.
#include "tests/support/host_tree.h"

namespace mxpress::testing {

using mta::migrate::read_msmtp;
using namespace test;

TEST_CASE("import of msmtp: accounts with a default that is a copy, and the other one by its sender") {
  HostTree host;
  host.write(
      "/etc/msmtprc",
      "# all accounts\ndefaults\n  auth on\ntls on\r\ntls_trust_file /etc/ssl/certs/ca-certificates.crt\nlogfile /var/log/msmtp\n\n"
      "account office\nhost smtp.office.example\nport 587\nfrom me@office.example\nuser \"me office\"\npassword \"p # \\q\"\n"
      "account private : office\nhost mail.private.example\nfrom me@private.example\nuser me\npassword hers\ntls_starttls off\nport 465\n"
      "account default : office\n");
  const auto findings = host.read(read_msmtp);
  CHECK(findings.settings.logins.at(0).password == "p # \\q");
  CHECK(host.toml(read_msmtp) ==
        "\n[route]\nhost = \"smtp.office.example\"\nport = 587\nauth = \"provider\"\n\n"
        "[route.private]\nhost = \"mail.private.example\"\nport = 465\nimplicit = true\nauth = \"provider-2\"\n\n"
        "[credentials.provider]\nuser = \"me office\"\npassword_file = \"/p/provider.password\"\n\n"
        "[credentials.provider-2]\nuser = \"me\"\npassword_file = \"/p/provider-2.password\"\n\n"
        "[local]\nsenders = { \"*\" = \"me@office.example\" }\n\n[sender.\"me@private.example\"]\nroute = \"private\"\n");
  CHECK(left_of(findings) == "/etc/msmtprc:6 logfile /var/log/msmtp\n");
}

TEST_CASE("import of msmtp: a file without accounts, and the ports that msmtp has by default") {
  HostTree host;
  host.write("/etc/msmtprc", "host h.example\ntls\ntls_starttls off\n");
  CHECK(host.toml(read_msmtp) == "\n[route]\nhost = \"h.example\"\nport = 465\ntls = \"verify\"\nimplicit = true\n");
  host.write("/etc/msmtprc", "host h.example\nauto_from on\nmaildomain here.example\n");
  CHECK(host.toml(read_msmtp) == "sender_domain = \"here.example\"\n\n[route]\nhost = \"h.example\"\nport = 25\n");
}

TEST_CASE("import of msmtp: a command that prints the password, with a shell only where it needs one") {
  HostTree host;
  host.write("/etc/msmtprc",
             "account default\nhost h.example\nauth plain\ntls on\nuser me\npasswordeval \"/usr/bin/pass show 'my mail'\"\n");
  CHECK(host.toml(read_msmtp).find("password_command = [\"/usr/bin/pass\", \"show\", \"my mail\"]\nmechanisms = [\"PLAIN\"]\n") !=
        std::string::npos);
  host.write("/etc/msmtprc", "account default\nhost h.example\nauth on\ntls on\nuser me\npasswordeval gpg -q -d ~/p.gpg | head -n1\n");
  CHECK(host.toml(read_msmtp).find("password_command = [\"/bin/sh\", \"-c\", \"gpg -q -d ~/p.gpg | head -n1\"]\n") != std::string::npos);
  CHECK(has_note(host.read(read_msmtp), "mxpress-runner.socket"));
}

TEST_CASE("import of msmtp: without verification the password is shown as before, and that is said") {
  HostTree host;
  host.write("/etc/msmtprc", "account default\nhost h.example\nauth on\ntls on\ntls_certcheck off\nuser me\npassword p\n");
  CHECK(host.toml(read_msmtp).find("tls = \"encrypt\"\n") != std::string::npos);
  CHECK(host.toml(read_msmtp).find("allow_cleartext = true\n") != std::string::npos);
  CHECK(has_note(host.read(read_msmtp), "is shown to any host that answers as h.example"));
}

TEST_CASE("import of msmtp: the name of the user in from, and the alias default") {
  HostTree host;
  host.write("/etc/aliases", "root: admin@there.example\ndefault: all@there.example\n");
  host.write("/etc/msmtprc", "account default\nhost h.example\nfrom %U@here.example\naliases /etc/aliases\ndomain localhost\n");
  CHECK(
      host.toml(read_msmtp).find("[local]\naliases = { \"*\" = \"all@there.example\" }\nsenders = { \"*\" = \"{user}@here.example\" }\n") !=
      std::string::npos);
  host.write("/etc/msmtprc", "account default\nhost h.example\nfrom %U@%H\n");
  CHECK(host.toml(read_msmtp).find("senders") == std::string::npos);
  CHECK(has_note(host.read(read_msmtp), "only %U"));
}

TEST_CASE("import of msmtp: an account of an account that is not there is an error with its line") {
  HostTree host;
  host.write("/etc/msmtprc", "\naccount default : nobody\n");
  CHECK(host.error(read_msmtp) == "/etc/msmtprc:2: there is no account nobody before this line");
}

}  // namespace mxpress::testing
