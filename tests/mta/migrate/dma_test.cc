// The settings of dma.
#include "tests/support/host_tree.h"

namespace mxpress::testing {

using mta::migrate::read_dma;
using namespace test;

TEST_CASE("import of dma: the last entry of auth.conf for the host counts, and a password has any character") {
  HostTree host;
  host.write("/etc/dma/dma.conf",
             "# the relay\nSMARTHOST smtp.example.net # ours\nPORT 2525\nAUTHPATH /etc/dma/auth.conf\nSECURETRANSFER\nSTARTTLS\n"
             "MAILNAME web.example.org\n");
  host.write("/etc/dma/auth.conf",
             "# a comment\nold|smtp.example.net:first\nme@example.net|smtp.example.net:p:#|\"\\ s\nother|elsewhere.example:x\n");
  const auto findings = host.read(read_dma);
  REQUIRE(findings.settings.logins.size() == 1);
  CHECK(findings.settings.logins[0].password == "p:#|\"\\ s");
  CHECK(host.toml(read_dma) ==
        "hostname = \"web.example.org\"\n\n[route]\nhost = \"smtp.example.net\"\nport = 2525\nauth = \"provider\"\n\n"
        "[credentials.provider]\nuser = \"me@example.net\"\npassword_file = \"/p/provider.password\"\n");
  CHECK(left_of(findings) == "/etc/dma/auth.conf:4 other|elsewhere.example:(password)\n");
  CHECK(has_note(findings, "verified no certificate"));
}

TEST_CASE("import of dma: TLS from the first octet, opportunistic, and none") {
  HostTree host;
  const std::string common = "SMARTHOST h.example\nAUTHPATH /etc/dma/auth.conf\n";
  host.write("/etc/dma/auth.conf", "u|h.example:p\n");
  host.write("/etc/dma/dma.conf", common + "SECURETRANSFER\nPORT 465\n");
  CHECK(host.toml(read_dma).find("port = 465\nimplicit = true\nauth") != std::string::npos);
  host.write("/etc/dma/dma.conf", common + "SECURETRANSFER\nSTARTTLS\nOPPORTUNISTIC_TLS\n");
  CHECK(host.toml(read_dma).find("port = 25\ntls = \"may\"\nauth") != std::string::npos);
  CHECK(host.toml(read_dma).find("allow_cleartext") == std::string::npos);
  host.write("/etc/dma/dma.conf", common + "INSECURE\n");
  CHECK(host.toml(read_dma).find("tls = \"may\"\n") != std::string::npos);
  CHECK(host.toml(read_dma).find("allow_cleartext = true\n") != std::string::npos);
  host.write("/etc/dma/dma.conf", "SMARTHOST h.example\nSECURETRANSFER\nSTARTTLS\n");
  CHECK(host.toml(read_dma) == "\n[route]\nhost = \"h.example\"\nport = 25\ntls = \"encrypt\"\n");
}

TEST_CASE("import of dma: as Debian installs it there is nothing to take over; what has no counterpart is told") {
  HostTree host;
  host.write("/etc/dma/dma.conf", "#SMARTHOST\n#PORT 25\n#ALIASES /etc/aliases\nMAILNAME /etc/mailname\n");
  CHECK(host.toml(read_dma).empty());
  host.write("/etc/dma/dma.conf", "DEFER\nFULLBOUNCE\nFINGERPRINT 12ab\n");
  CHECK(left_of(host.read(read_dma)) ==
        "/etc/dma/dma.conf:1 DEFER\n/etc/dma/dma.conf:3 FINGERPRINT 12ab\n/etc/dma/dma.conf:2 FULLBOUNCE\n");
}

TEST_CASE("import of dma: the alias for all others, and a file of aliases elsewhere") {
  HostTree host;
  host.write("/etc/dma/dma.conf", "ALIASES /etc/mail/aliases\nMASQUERADE @here.example\nNULLCLIENT\nSMARTHOST h.example\n");
  host.write("/etc/mail/aliases", "root: a@b.example\n*: admin@there.example\n");
  CHECK(host.toml(read_dma) ==
        "sender_domain = \"here.example\"\n\n[route]\nhost = \"h.example\"\nport = 25\n\n[local]\nalias_file = \"/etc/mail/aliases\"\n"
        "aliases = { \"*\" = \"admin@there.example\", root = \"root@here.example\" }\n");
}

}  // namespace mxpress::testing
