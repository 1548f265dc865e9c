// The text of an alert, and the route that it takes.
#include "mta/app/alert_text.h"

#include <catch2/catch.hpp>

#include "mta/config/config.h"
#include "mta/routing/route.h"

using namespace mxpress;
using namespace mxpress::mta;

namespace {

const AlertDesk::Fields kOut{{"event", "outage"},
                             {"way", "direct"},
                             {"reason", "mail hosts of several networks cannot be reached"},
                             {"note", "port 25 is probably blocked"}};

std::vector<std::string> recipients(const std::string& toml, bool is_direct_broken) {
  const auto config = parse_config("hostname = \"here.example\"\n" + toml, "test").value();
  const auto is_broken = [&](const routing::Route& route) { return is_direct_broken && route.is_direct(); };
  const auto mail = mail_of(text_of(kOut, "here.example"), config, is_broken, WallTime(), "1A");
  std::vector<std::string> all;
  if (mail) CHECK(mail->envelope.submitter.share_owner() == proto::ShareOwner::host());
  if (mail)
    for (const auto& one : mail->envelope.recipients) all.push_back(one.mailbox.to_string());
  return all;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("alert: a change that mxpress doctor has found is told with its reason") {
  const auto text = text_of({{"event", "doctor"}, {"reason", "wrong: ptr 192.0.2.1: no PTR"}}, "here.example");
  CHECK(text.subject == "mxpress at here.example: the checks of this host have another result than before");
  CHECK_THAT(text.body, Catch::Contains("Wrong: ptr 192.0.2.1: no PTR.\n"));
}

TEST_CASE("alert: the text says what is wrong, and what to do") {
  const auto text = text_of(kOut, "here.example");
  CHECK(text.subject == "mxpress at here.example: this host cannot send mail");
  CHECK_THAT(text.body, Catch::Contains("Mail hosts of several networks cannot be reached.\n") &&
                            Catch::Contains("Port 25 is probably blocked.\n") && Catch::Contains("  way: direct\n") &&
                            Catch::Contains("mxpress status\n"));
}

TEST_CASE("alert: the message is from nobody, and asks for no notice") {
  const auto config = parse_config("hostname = \"here.example\"\n", "test").value();
  const auto mail = mail_of(text_of(kOut, "here.example"), config, [](const auto&) { return false; }, WallTime(), "1A");
  REQUIRE(mail);
  CHECK(mail->envelope.reverse_path.is_null());
  CHECK(mail->envelope.is_notice);
  CHECK(mail->envelope.recipients.at(0).notify.given);
  CHECK_THAT(mail->content, Catch::Contains("\r\nTo: root@here.example\r\n") && Catch::Contains("\r\nAuto-Submitted: auto-generated\r\n"));
}

TEST_CASE("alert: root has it here") { CHECK(recipients("", true) == Names{"root@here.example"}); }

TEST_CASE("alert: where root is read elsewhere a copy stays here") {
  const std::string aliased = "[local]\naliases = { root = \"admin@there.example\" }\n";
  CHECK(recipients(aliased, false) == Names{"admin@there.example", "root@here.example"});
}

TEST_CASE("alert: it does not take the way that it tells of") {
  const std::string aliased = "[local]\naliases = { root = \"admin@there.example\" }\n";
  CHECK(recipients(aliased, true) == Names{"root@here.example"});
  const std::string by_another = aliased + "[route.backup]\nhost = \"192.0.2.1\"\n[destination.\"there.example\"]\nroute = \"backup\"\n";
  CHECK(recipients(by_another, true) == Names{"admin@there.example", "root@here.example"});
}

TEST_CASE("alert: to an address of the configuration, or to nobody") {
  CHECK(recipients("[alerts]\nto = \"ops@there.example\"\n", false) == Names{"ops@there.example", "root@here.example"});
  CHECK(recipients("[alerts]\nto = \"bob\"\n", true) == Names{"bob@here.example"});
  CHECK(recipients("[alerts]\nto = \"\"\n", false).empty());
}
