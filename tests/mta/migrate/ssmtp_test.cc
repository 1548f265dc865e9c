// The settings of ssmtp.
#include "tests/support/host_tree.h"

namespace mxpress::testing {

using mta::migrate::read_ssmtp;
using namespace test;

TEST_CASE("import of ssmtp: keys in any case, comments behind values, and revaliases with hosts of their own") {
  HostTree host;
  host.write("/etc/ssmtp/ssmtp.conf",
             "#\n# Config file\nRoot=postmaster\nMAILHUB = smtp.example.net:587  # port\nusestarttls=yes\nAuthUser=me\nAuthPass=a:b\n"
             "AuthMethod=cram-md5\nDebug=YES\nno line of it\n#hostname=no.example\n");
  host.write("/etc/ssmtp/revaliases",
             "# c\nroot:admin@example.net:smtp.example.net:587\nwww-data:web@example.net:other.example.net\nbob:b@x.example\n");
  CHECK(host.toml(read_ssmtp) ==
        "\n[route]\nhost = \"smtp.example.net\"\nport = 587\nauth = \"provider\"\n\n"
        "[route.other-example-net]\nhost = \"other.example.net\"\nport = 25\nauth = \"provider\"\n\n"
        "[credentials.provider]\nuser = \"me\"\npassword_file = \"/p/provider.password\"\nmechanisms = [\"CRAM-MD5\"]\n\n"
        "[local]\naliases = { root = \"postmaster\" }\n"
        "senders = { bob = \"b@x.example\", root = \"admin@example.net\", www-data = \"web@example.net\" }\n\n"
        "[sender.\"web@example.net\"]\nroute = \"other-example-net\"\n");
  CHECK(host.read(read_ssmtp).settings.logins.at(0).password == "a:b");
  CHECK(left_of(host.read(read_ssmtp)) == "/etc/ssmtp/ssmtp.conf:9 Debug=YES\n");
}

TEST_CASE("import of ssmtp: UseTLS alone is TLS from the first octet") {
  HostTree host;
  host.write("/etc/ssmtp/ssmtp.conf", "mailhub=h.example:465\nUseTLS=YES\nAuthUser=me\nAuthPass=p\nhostname=web.example\n");
  CHECK(host.toml(read_ssmtp).find("port = 465\nimplicit = true\nauth") != std::string::npos);
  host.write("/etc/ssmtp/ssmtp.conf", "mailhub=h.example:465\nUseTLS=YES\n");
  CHECK(host.toml(read_ssmtp) == "\n[route]\nhost = \"h.example\"\nport = 465\ntls = \"encrypt\"\nimplicit = true\n");
  host.write("/etc/ssmtp/ssmtp.conf", "mailhub=h.example\nAuthUser=me\nAuthPass=p\n");
  CHECK(host.toml(read_ssmtp).find("tls = \"may\"\n") != std::string::npos);
  CHECK(host.toml(read_ssmtp).find("allow_cleartext = true\n") != std::string::npos);
}

TEST_CASE("import of ssmtp: a password that nobody signs in with is not shown") {
  HostTree host;
  host.write("/etc/ssmtp/ssmtp.conf", "mailhub=h.example\nAuthPass=secret\n");
  CHECK(left_of(host.read(read_ssmtp)) == "/etc/ssmtp/ssmtp.conf:2 AuthPass=(password)\n");
}

}  // namespace mxpress::testing
