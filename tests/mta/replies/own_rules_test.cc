// The rules that are part of mxpress: etc/replies.toml.
#include <boost/filesystem/fstream.hpp>
#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>

#include "mta/config/config.h"
#include "mta/replies/current_rules.h"
#include "mta/replies/meaning.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::mta;
using namespace mxpress::mta::replies;

namespace {

const RuleFile& own() {
  static const RuleFile file = parse_rules(kOwnRules, "replies.toml");
  return file;
}

std::string rule_for(std::string_view reply, std::string_view host = "mx.example.org", When when = When::rcpt) {
  const auto found = own().rules.match(typed_reply(reply, host, when));
  return found ? found->rule->name : "none";
}

bool is_held(std::string_view reply, std::string_view host = "mx.example.org", When when = When::rcpt) {
  const auto found = own().rules.match(typed_reply(reply, host, when));
  return found && is_own_fault(found->rule->kind);
}

}  // namespace

TEST_CASE("own rules: they have no mistake, and each matches its own sample") {
  CHECK(own().mistakes == std::vector<std::string>());
  CHECK(own().rules.rules().size() >= 150);
  CHECK(own().samples.size() == own().rules.rules().size());
}

TEST_CASE("own rules: they say what to do, and take little memory") {
  for (const Rule& rule : own().rules.rules()) {
    INFO(rule.name);
    CHECK(rule.cause.ends_with("."));
    CHECK_FALSE(rule.todo.empty());
  }
  CHECK(own().rules.octets() < 2u << 20);
}

TEST_CASE("own rules: what is about a recipient or one message is not held, whatever else the words speak of") {
  CHECK_FALSE(is_held("550 5.1.1 <x@example.org>: Recipient address rejected: User unknown in local recipient table"));
  CHECK_FALSE(is_held("550 5.1.1 <postmaster@zen.spamhaus.org>: User unknown"));
  CHECK_FALSE(is_held("550 5.7.1 No such user here; our SPF policy is at example.org"));
  CHECK_FALSE(is_held("552 5.2.2 mailbox full"));
  CHECK_FALSE(is_held("550 5.7.1 Message is spam"));
  CHECK_FALSE(is_held("554 5.4.6 Too many hops"));
  CHECK_FALSE(is_held("550 5.7.1 refused"));
  CHECK_FALSE(is_held("554 refused"));
}

TEST_CASE("own rules: what is about this host is held") {
  CHECK(is_held("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"));
  CHECK(is_held("550 Ip frequency limited"));
  CHECK(is_held("550 5.7.26 no", "gmail-smtp-in.l.google.com"));
  CHECK(is_held("550-Verification failed for <root@web.example>\r\n550-Unrouteable address\r\n550 Sender verify failed"));
  CHECK(is_held("554 no", "mx.example.org", When::greeting));
}

TEST_CASE("own rules: the last line of GMX has the cause") {
  const std::string begin = "554-gmx.net (mxgmx101) Nemesis ESMTP Service not available\r\n554-No SMTP service\r\n";
  CHECK(rule_for(begin + "554 Bad DNS PTR resource record.", "mx00.emig.gmx.net", When::greeting) == "gmx-ptr");
  CHECK(rule_for(begin + "554 IP address is block listed.", "mx00.emig.gmx.net", When::greeting) == "gmx-listed");
  CHECK(rule_for(begin, "mx00.emig.gmx.net", When::greeting) == "gmx-no-service");
}

TEST_CASE("own rules: an explanation has cause, actor and advice, and the name of a block list") {
  const auto explanation =
      explain(&own().rules, typed_reply("554 5.7.1 Client host blocked using bl.example.net", "mx.example.org", When::rcpt));
  REQUIRE(explanation.advice);
  CHECK(explanation.words.ends_with("The reply names the block list \"bl.example.net\"."));
  CHECK(explanation.remedy == proto::Remedy::ask_administrator);
  CHECK(explanation.advice->kind == "reputation");
  CHECK(explanation.advice->who == proto::Actor::administrator);
}

TEST_CASE("own rules: a result made for other messages, a refused password, and no rules: as without rules") {
  const proto::HostResult reply = typed_reply("554 5.7.1 blocked using bl.example.net", "mx.example.org", When::rcpt);
  CHECK_FALSE(explain(&own().rules, proto::for_other_messages(reply, std::nullopt)).advice);
  CHECK_FALSE(explain(nullptr, reply).advice);
  proto::HostResult login = reply;
  login.stage = proto::Stage::auth;
  CHECK_FALSE(explain(&own().rules, login).advice);
}

TEST_CASE("current rules: a file beside the configuration replaces those of mxpress, unless it has a mistake") {
  const test::TempFolder folder;
  Config config;
  config.file = folder.path() / "mxpress.toml";
  const auto file = folder.path() / "replies.toml";
  CHECK(replacement_for(config) == file);
  CHECK(current_rules(config).failure.empty());
  CHECK(current_rules(config).source == "mxpress");

  boost::filesystem::ofstream(file) << "[[rule]]\nname = \"mine\"\ncode = 550\nclass = \"rate\"\nwho = \"nobody\"\ncause = \"Mine.\"\n";
  const CurrentRules mine = current_rules(config);
  CHECK(mine.source == file.string());
  CHECK(mine.rules->rules().size() == 1);

  boost::filesystem::ofstream(file) << "[[rule]]\n";
  const CurrentRules broken = current_rules(config);
  CHECK(broken.source == "mxpress");
  CHECK(broken.failure.starts_with(file.string() + ":1: "));
  CHECK(broken.rules->rules().size() >= 150);

  boost::filesystem::remove(file);
  boost::filesystem::create_directory(file);
  CHECK_FALSE(current_rules(config).failure.empty());
}

TEST_CASE("own rules: what is about PTR records, IPv6 or an address's reputation has the other family tried, and nothing else") {
  const auto tries = [](std::string_view reply, std::string_view host = "mx.example.org") {
    const auto found = own().rules.match(typed_reply(reply, host, When::rcpt));
    return found && found->rule->tries_other_family;
  };
  CHECK(tries("550 5.7.25 The IP address sending this message does not have a PTR record setup"));
  CHECK(tries("450 4.7.1 Client host rejected: cannot find your hostname, [2001:db8::1]"));
  CHECK(tries("550 5.7.1 This message does not meet IPv6 sending guidelines regarding PTR records and authentication."));
  CHECK(tries("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"));
  CHECK(tries("550 5.7.510 Access denied, example.org does not accept email over IPv6."));
  CHECK_FALSE(tries("550 5.7.1 very low reputation of the sending domain"));
  CHECK_FALSE(tries("550 5.7.26 The MAIL FROM domain has an SPF record with a hard fail policy"));
  CHECK_FALSE(tries("550 5.1.1 user unknown"));
  CHECK_FALSE(tries("421 4.7.0 try again later, too many connections"));
}

TEST_CASE("own rules: the limits of large providers are known by the names of their mail hosts") {
  const auto name_for = [](std::string_view host) {
    const ProviderLimits* const found = own().rules.limits_for(host);
    return found ? found->name : "none";
  };
  CHECK(name_for("gmail-smtp-in.l.google.com") == "gmail");
  CHECK(name_for("example-org.mail.protection.outlook.com") == "microsoft-365");
  CHECK(name_for("outlook-com.olc.protection.outlook.com") == "microsoft-consumer");
  CHECK(name_for("mx-ha02.web.de") == "gmx");
  CHECK(name_for("alt3.gmail-smtp-in.l.google.com") == "gmail");
  CHECK(name_for("alt1.aspmx.l.google.com") == "gmail");
  CHECK(name_for("smtp-in.orange.fr") == "orange");
  CHECK(name_for("163mx01.mxmail.netease.com") == "netease");
  CHECK(name_for("mx.example.org") == "none");
}

TEST_CASE("own rules: a machine of a provider's customer, or another of the provider, is none of its mail hosts") {
  for (const char* host :
       {"lfbn-lil-1-123-45.w90-12.abo.wanadoo.fr", "abo.orange.fr", "c-198-51-100-7.hsd1.ca.comcast.net", "www.google.com",
        "foxmail.mail.qq.com", "www.gmx.net", "web.de", "rate-limited-proxy.google.com", "www.icloud.com"})
    CHECK(own().rules.limits_for(host) == nullptr);
}
