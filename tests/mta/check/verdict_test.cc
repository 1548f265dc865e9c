// The verdict of a check, from its findings.
#include "mta/check/verdict.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "dns/targets.h"
#include "mta/check/findings.h"

using namespace mxpress;
using namespace mxpress::mta::check;
using Kind = Verdict::Kind;

namespace {

HostFinding host(const std::string& name, HostEnd end, proto::Stage stage, int code, const std::string& text) {
  HostFinding finding{{name, dns::Address{false, {192, 0, 2, 1}}}, {}};
  finding.end = end;
  finding.reached_mail = stage == proto::Stage::mail || stage == proto::Stage::rcpt;
  finding.result = {stage, name, "192.0.2.1:25", "", {code / 100 == 0 ? 4 : code / 100, 0, 0}, code, text, false};
  return finding;
}

HostFinding accepting(const std::string& name) { return host(name, HostEnd::accepted, proto::Stage::rcpt, 250, "250 2.1.5 ok"); }
HostFinding dead(const std::string& name) {
  HostFinding finding = host(name, HostEnd::failed, proto::Stage::connect, 0, "connection timed out after 30 s");
  finding.result.status = {4, 4, 1};
  return finding;
}
HostFinding breaking(const std::string& name) { return host(name, HostEnd::failed, proto::Stage::rcpt, 421, "421 4.3.2 too busy"); }

Findings with(std::vector<HostFinding> hosts) {
  Findings findings{"bob@there.example", "me@here.example", "there.example"};
  findings.way = "the DNS";
  findings.kind = dns::TargetsKind::found;
  findings.hosts = std::move(hosts);
  return findings;
}

Findings without(dns::TargetsKind kind, proto::EnhancedStatus status) {
  Findings findings = with({});
  findings.kind = kind;
  findings.status = status;
  findings.failure = "the reason";
  return findings;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("check verdict: the first host that answers for the recipient decides, and one that fails is told") {
  const Verdict verdict = judge(with({dead("mx1"), accepting("mx2"), host("mx3", HostEnd::refused, proto::Stage::rcpt, 550, "550 no")}));
  CHECK(verdict.kind == Kind::accepted);
  CHECK(verdict.reason == "mx2 (192.0.2.1:25): 250 2.1.5 ok");
  REQUIRE(verdict.also.size() == 1);
  CHECK(verdict.also.front() == "Does not take mail: mx1 (192.0.2.1:25): connection timed out after 30 s");
}

TEST_CASE("check verdict: a refusal of the recipient is for good, one for now waits, and greylisting has its own words") {
  const Verdict refused = judge(with({host("mx1", HostEnd::refused, proto::Stage::rcpt, 550, "550 5.1.1 no such user"), accepting("mx2")}));
  CHECK(refused.kind == Kind::refused);
  CHECK(has(refused.reason, "550 5.1.1 no such user"));
  const Verdict later = judge(with({host("mx1", HostEnd::deferred, proto::Stage::rcpt, 452, "452 4.2.2 mailbox full"), accepting("mx2")}));
  CHECK(later.kind == Kind::waits);
  CHECK_FALSE(has(later.text, "greylisting"));
  const Verdict grey = judge(with({host("mx1", HostEnd::deferred, proto::Stage::rcpt, 451, "451 4.7.1 Greylisted, try again later")}));
  CHECK(grey.kind == Kind::waits);
  CHECK(has(grey.text, "greylisting"));
  CHECK(has(grey.who, "Nobody"));
}

TEST_CASE("check verdict: a delivery ends after two sessions that fail behind MAIL, and does not reach further addresses") {
  CHECK(judge(with({breaking("mx1"), accepting("mx2")})).kind == Kind::accepted);
  CHECK(judge(with({breaking("mx1"), breaking("mx2"), accepting("mx3")})).kind == Kind::waits);
  HostFinding behind = accepting("mx2");
  behind.is_in_attempt = false;
  CHECK(judge(with({dead("mx1"), behind})).kind == Kind::waits);
}

TEST_CASE("check verdict: hosts that cannot be reached make mail wait, but hosts that take none from anybody (521) return it") {
  const Verdict verdict = judge(with({dead("mx1"), host("mx2", HostEnd::failed, proto::Stage::greeting, 554, "554 not here")}));
  CHECK(verdict.kind == Kind::waits);
  CHECK(has(verdict.reason, "554 not here"));
  CHECK(judge(with({host("mx1", HostEnd::failed, proto::Stage::greeting, 521, "521 no mail")})).kind == Kind::refused);
}

TEST_CASE("check verdict: a host that fails what is demanded of TLS is for its operator to correct") {
  const Verdict verdict =
      judge(with({host("mx1", HostEnd::failed, proto::Stage::tls, 0, "TLS with a certificate ... is required by DANE")}));
  CHECK(verdict.kind == Kind::waits);
  CHECK(has(verdict.who, "operator of the mail host"));
}

TEST_CASE("check verdict: a null MX and a domain that does not exist are refused, and a lookup that failed waits") {
  const Verdict null_mx = judge(without(dns::TargetsKind::failed_permanently, {5, 1, 10}));
  CHECK(null_mx.kind == Kind::refused);
  CHECK(has(null_mx.text, "null MX"));
  const Verdict unknown = judge(without(dns::TargetsKind::failed_permanently, {5, 1, 2}));
  CHECK(unknown.kind == Kind::refused);
  CHECK(has(unknown.who, "spelled"));
  CHECK(judge(without(dns::TargetsKind::failed_for_now, {4, 4, 3})).kind == Kind::waits);
  CHECK(judge(without(dns::TargetsKind::failed_permanently, {5, 4, 6})).kind == Kind::refused);
}

TEST_CASE("check verdict: name servers that fail or differ are told beside the verdict") {
  Findings findings = with({accepting("mx1")});
  const auto says = [](const std::string& server, dns::AnswerKind kind, const std::string& host) {
    ServerAnswer one{server, "there.example", {}};
    one.answer.kind = kind;
    one.answer.mx = {{10, host}};
    one.answer.text = "SERVFAIL from " + server;
    return one;
  };
  findings.servers = {says("a:53", dns::AnswerKind::found, "mx1"), says("b:53", dns::AnswerKind::found, "mx1")};
  CHECK(judge(findings).also.empty());
  findings.servers.push_back(says("c:53", dns::AnswerKind::found, "mx9"));
  findings.servers.push_back(says("d:53", dns::AnswerKind::failed, ""));
  const Verdict verdict = judge(findings);
  REQUIRE(verdict.also.size() == 2);
  CHECK(has(verdict.also[0], "d:53 gives no answer"));
  CHECK(has(verdict.also[1], "different answers"));
}

TEST_CASE("check verdict: this host's own rules come first, and without a password nothing is said of the recipient") {
  Findings findings = with({accepting("mx1")});
  findings.own.refused = "only root may send as this address";
  CHECK(judge(findings).kind == Kind::refused);
  findings.own = {};
  findings.own.held_by = "[route.hold]";
  CHECK(judge(findings).kind == Kind::waits);
  CHECK(judge(with({host("mx1", HostEnd::no_login, proto::Stage::auth, 0, "it offers AUTH PLAIN")})).kind == Kind::unknown);
}

TEST_CASE("check verdict: without time for any host nothing is known") {
  Findings findings = with({{{"mx1", dns::Address{}}, {}}});
  findings.is_out_of_time = true;
  CHECK(judge(findings).kind == Kind::unknown);
}

TEST_CASE("check: a fallback is named where no mail host can be reached, and only there") {
  const auto names_it = [](const Findings& findings) {
    const Verdict verdict = judge(findings);
    return std::any_of(verdict.also.begin(), verdict.also.end(), [](const std::string& one) { return has(one, "by [route] (fallback)"); });
  };
  Findings findings = with({dead("mx1.there.example"), dead("mx2.there.example")});
  CHECK_FALSE(names_it(findings));
  findings.fallback = "[route]";
  CHECK(names_it(findings));
  findings = with({dead("mx1.there.example"), breaking("mx2.there.example")});
  findings.fallback = "[route]";
  CHECK_FALSE(names_it(findings));
}
