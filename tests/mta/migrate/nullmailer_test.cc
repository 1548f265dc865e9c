// The settings of nullmailer.
#include "tests/support/host_tree.h"

namespace mxpress::testing {

using mta::migrate::read_nullmailer;
using namespace test;

TEST_CASE("import of nullmailer: a remote with quoted options, and control files") {
  HostTree host;
  host.write("/etc/nullmailer/remotes", "# the provider\n\nsmtp.example.net smtp port=587 starttls user=me pass='a b\"c' --auth-login\n");
  host.write("/etc/nullmailer/me", "web.here.example\n").write("/etc/nullmailer/defaultdomain", "here.example\n");
  host.write("/etc/nullmailer/defaulthost", "web\n").write("/etc/nullmailer/adminaddr", " admin@there.example \n");
  host.write("/etc/nullmailer/pausetime", "600\n").write("/etc/nullmailer/maxpause", "3600\n");
  host.write("/etc/nullmailer/queuelifetime", "7200\n").write("/etc/nullmailer/sendtimeout", "60\n");
  const auto findings = host.read(read_nullmailer);
  CHECK(findings.settings.logins.at(0).password == "a b\"c");
  CHECK(host.toml(read_nullmailer) ==
        "hostname = \"web.here.example\"\nsender_domain = \"web.here.example\"\n\n"
        "[route]\nhost = \"smtp.example.net\"\nport = 587\nauth = \"provider\"\n\n"
        "[credentials.provider]\nuser = \"me\"\npassword_file = \"/p/provider.password\"\nmechanisms = [\"LOGIN\"]\n\n"
        "[local]\naliases = { \"*\" = \"admin@there.example\" }\n\n"
        "[retry]\nschedule = \"600s 1200s 2400s 3600s*\"\nlifetime = \"7200s\"\ndelay_notice = \"0\"\n");
  CHECK(left_of(findings) == "/etc/nullmailer/sendtimeout 60\n");
}

TEST_CASE("import of nullmailer: several remotes are the hosts of one route if they have one login") {
  HostTree host;
  host.write("/etc/nullmailer/remotes", "a.example\nb.example smtp --port=26\nc.example smtp --user=u --pass=p\nd.example qmqp\n");
  CHECK(host.toml(read_nullmailer) == "\n[route]\nhost = [\"a.example:25\", \"b.example:26\"]\n");
  const std::string left = left_of(host.read(read_nullmailer));
  CHECK(left.find("remotes:3 c.example smtp ...") != std::string::npos);
  CHECK(left.find("remotes:4 d.example qmqp ...") != std::string::npos);
}

TEST_CASE("import of nullmailer: TLS from the first octet, and without verification") {
  HostTree host;
  host.write("/etc/nullmailer/remotes", "h.example smtp --ssl --insecure --user=u --pass=p\n");
  CHECK(host.toml(read_nullmailer).find("port = 465\ntls = \"encrypt\"\nimplicit = true\n") != std::string::npos);
  CHECK(host.toml(read_nullmailer).find("allow_cleartext = true\n") != std::string::npos);
  host.write("/etc/nullmailer/remotes", "h.example smtp 'open\n");
  CHECK(left_of(host.read(read_nullmailer)) == "/etc/nullmailer/remotes:1 a line whose quote has no end\n");
}

}  // namespace mxpress::testing
