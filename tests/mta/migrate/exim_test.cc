// The settings of Debian's Exim.
#include "tests/support/host_tree.h"

namespace mxpress::testing {

using mta::migrate::read_exim;
using namespace test;

namespace {

const std::string kConf = "/etc/exim4/update-exim4.conf.conf", kPasswords = "/etc/exim4/passwd.client";

}  // namespace

TEST_CASE("import of Exim: the smarthost's other names in passwd.client, and several local domains") {
  HostTree host;
  host.write(
      kConf,
      "# a comment\ndc_eximconfig_configtype='smarthost'\ndc_other_hostnames='web.here.example;shop.example'\n"
      "dc_smarthost=\"smtp.provider.example::587\"\ndc_readhost='unused.example'\ndc_hide_mailname='false'\ndc_relay_nets='10.0.0.0/8'\n"
      "dc_localdelivery='maildir_home'\ndc_unheard_of='1'\n");
  host.write(kPasswords, "# host:user:password\nelse.example:u:x\n*.Provider.example:me@provider.example:a:b\n");
  const auto findings = host.read(read_exim);
  CHECK(findings.settings.logins.at(0).password == "a:b");
  CHECK(host.toml(read_exim) ==
        "local_domains = [\"web.here.example\", \"shop.example\", \"localhost\"]\n\n"
        "[route]\nhost = \"smtp.provider.example\"\nport = 587\nauth = \"provider\"\n\n"
        "[credentials.provider]\nuser = \"me@provider.example\"\npassword_file = \"/p/provider.password\"\n\n[local]\ndeliver = "
        "\"maildir\"\n");
  const std::string left = left_of(findings);
  CHECK(left.find("passwd.client:2 else.example:u:(password)\n") != std::string::npos);
  CHECK(left.find("dc_unheard_of='1'\n") != std::string::npos);
  CHECK(has_note(findings, "dc_relay_nets"));
}

TEST_CASE("import of Exim: the only entry of passwd.client is for the smarthost, whatever its name in the DNS") {
  HostTree host;
  host.write(kConf, "dc_eximconfig_configtype='satellite'\ndc_smarthost='smtp.gmail.example::submission;b.example'\n");
  host.write(kPasswords, "*.google.example:me:p\n");
  CHECK(host.toml(read_exim).find("host = [\"smtp.gmail.example:587\", \"b.example:25\"]\nauth = \"provider\"\n") != std::string::npos);
  CHECK(has_note(host.read(read_exim), "which has been taken for the other name of smtp.gmail.example"));
}

TEST_CASE("import of Exim: without a smarthost there is no route, and mail that never left is told") {
  HostTree host;
  host.write(kConf, "dc_eximconfig_configtype='internet'\n");
  CHECK(host.toml(read_exim).empty());
  host.write(kConf, "dc_eximconfig_configtype='local'\n").write("/etc/exim4/exim4.conf", "");
  CHECK(host.toml(read_exim).empty());
  CHECK(has_note(host.read(read_exim), "transport = \"hold\""));
  CHECK(has_note(host.read(read_exim), "/etc/exim4/exim4.conf"));
}

TEST_CASE("import of Exim: macros for TLS, and senders") {
  HostTree host;
  host.write(kConf,
             "dc_eximconfig_configtype='smarthost'\ndc_smarthost='h.example'\ndc_readhost='here.example'\ndc_hide_mailname='true'\n");
  host.write("/etc/exim4/exim4.conf.localmacros", "REMOTE_SMTP_SMARTHOST_PROTOCOL = smtps\nMAIN_TLS_ENABLE = yes\n");
  host.write("/etc/email-addresses", "# c\nroot: a@b.example\nBob@web.here.example: bob@here.example\nno colon\n");
  CHECK(host.toml(read_exim) ==
        "sender_domain = \"here.example\"\n\n[route]\nhost = \"h.example\"\nport = 465\ntls = \"encrypt\"\nimplicit = true\n\n"
        "[local]\nsenders = { bob = \"bob@here.example\", root = \"a@b.example\" }\n");
  const std::string left = left_of(host.read(read_exim));
  CHECK(left.find("MAIN_TLS_ENABLE='yes'") != std::string::npos);
  CHECK(left.find("/etc/email-addresses:4 no colon") != std::string::npos);
}

}  // namespace mxpress::testing
