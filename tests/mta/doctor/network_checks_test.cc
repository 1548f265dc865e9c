// Findings about port 25, name servers and block lists.
#include <catch2/catch.hpp>

#include "mta/doctor/block_lists.h"
#include "mta/doctor/port_check.h"
#include "mta/doctor/resolver_check.h"
#include "tests/support/content_source.h"
#include "tests/support/doctor_fakes.h"
#include "tests/support/scripted_resolver.h"

namespace mxpress::testing {
namespace {

using namespace mta::doctor;

struct Port {
  ScriptedResolver dns;
  FakeProber hosts;
  Subject subject = subject_here();
  PortFacts facts{{}, {proto::Domain::parse("one.example").value(), proto::Domain::parse("two.example").value()}};

  Port() {
    dns.mx("one.example", 10, "mx.one.example").a("mx.one.example", "198.51.100.1").aaaa("mx.one.example", "2001:db8:1::1");
    dns.mx("two.example", 10, "mx.two.example").a("mx.two.example", "203.0.113.1").aaaa("mx.two.example", "2001:db8:2::1");
  }
  Finding check(const std::string& family = "ipv4") {
    const auto wanted = family == "ipv6" ? dns::AddressFamily::ipv6 : dns::AddressFamily::ipv4;
    return finding_of(run(check_port(subject, wanted, facts, dns, hosts)), "port25 " + family);
  }
  void all(ProbeResult result) {
    for (const char* one : {"198.51.100.1", "203.0.113.1", "2001:db8:1::1", "2001:db8:2::1"}) hosts.host(one, result);
  }
};

struct Lists {
  ScriptedResolver dns;
  Subject subject = subject_here();
  Lists() { dns.a("2.0.0.127.bl.example", "127.0.0.2"); }
  Finding check() { return run(check_block_list("bl.example", subject, dns)).front(); }
};

dns::ServerConfig server() { return {address("192.0.2.53"), {}, 53, false}; }

ServerReply reply(dns::ReplyCode code, int took) {
  dns::Packet packet;
  packet.code = code;
  return {packet, {}, std::chrono::milliseconds(took)};
}

}  // namespace

TEST_CASE("doctor: port 25 that a host answers is fine, and the first host is enough") {
  Port port;
  port.hosts.host("198.51.100.1", {0, "220 mx.one.example ESMTP"});
  const Finding finding = port.check();
  CHECK(finding.state == State::fine);
  CHECK_THAT(finding.evidence, Catch::Contains("220 mx.one.example ESMTP"));
  CHECK(port.hosts.probed == std::vector<std::string>{"198.51.100.1"});
}

TEST_CASE("doctor: port 25 that is dropped is the provider's, with the error of each host") {
  Port port;
  port.all({ETIMEDOUT});
  const Finding finding = port.check();
  CHECK(finding.state == State::wrong);
  CHECK(finding.actor == Actor::hosting_provider);
  CHECK_THAT(finding.evidence, Catch::Contains("dropped") && Catch::Contains("mx.one.example [198.51.100.1:25]: no answer (ETIMEDOUT)") &&
                                   Catch::Contains("mx.two.example"));
}

TEST_CASE("doctor: port 25 that is refused may be this host's firewall") {
  Port port;
  const Finding finding = port.check();
  CHECK(finding.state == State::wrong);
  CHECK_THAT(finding.evidence, Catch::Contains("ECONNREFUSED"));
  CHECK_THAT(finding.remedy, Catch::Contains("firewall"));
}

TEST_CASE("doctor: port 25 that is closed is no fault where a provider takes the mail meanwhile") {
  Port port;
  port.subject.provider = "[route]";
  port.subject.has_fallback = true;
  port.all({ETIMEDOUT});
  const Finding finding = port.check();
  CHECK(finding.state == State::not_needed);
  CHECK_THAT(finding.evidence, Catch::Contains("no answer (ETIMEDOUT)") && Catch::Contains("Mail goes by [route] while"));
  port.hosts.host("198.51.100.1", {0, ""});
  CHECK(port.check().state == State::fine);
}

TEST_CASE("doctor: one host that does not answer proves nothing about port 25") {
  Port port;
  port.facts.probe_domains.resize(1, proto::Domain::parse("one.example").value());
  CHECK(port.check().state == State::unknown);
}

TEST_CASE("doctor: hosts that cannot be looked up prove nothing about port 25") {
  Port port;
  port.dns.fail("one.example").fail("two.example");
  CHECK(port.check().state == State::unknown);
  CHECK(port.hosts.probed.empty());
}

TEST_CASE("doctor: a success of the daemon counts before any probe") {
  Port port;
  port.facts.successes = {{"mx.there.example", "192.0.2.99:25", WallTime(std::chrono::hours(1))},
                          {"mx6.there.example", "[2001:db8::99]:25", WallTime(std::chrono::hours(2))}};
  CHECK_THAT(port.check().evidence, Catch::StartsWith("mx.there.example"));
  CHECK_THAT(port.check("ipv6").evidence, Catch::StartsWith("mx6.there.example"));
  CHECK(port.hosts.probed.empty());
}

TEST_CASE("doctor: IPv6 that this host lacks, or does not use, is not needed") {
  Port port;
  port.hosts.host("198.51.100.1", {0, ""});
  CHECK(port.check("ipv6").state == State::not_needed);
  port.subject.sources.push_back(address("2001:db8::10"));
  port.subject.family = dns::AddressFamily::ipv4;
  CHECK(port.check("ipv6").state == State::not_needed);
  CHECK(port.hosts.probed.empty());
}

TEST_CASE("doctor: IPv6 that leads nowhere is wrong, and IPv4 alone is the way until it does") {
  Port port;
  port.subject.sources.push_back(address("2001:db8::10"));
  port.all({EHOSTUNREACH});
  port.hosts.host("198.51.100.1", {0, ""});
  const Finding finding = port.check("ipv6");
  CHECK(finding.state == State::wrong);
  CHECK(finding.paste == std::vector<std::string>{"[delivery]\naddress_family = \"ipv4\""});
  CHECK(port.check("ipv4").state == State::fine);
}

TEST_CASE("doctor: a host without any route says so") {
  Port port;
  port.subject.sources.clear();
  CHECK(port.check().state == State::wrong);
  CHECK(port.hosts.probed.empty());
}

TEST_CASE("doctor: port 25 is not needed where a provider takes all mail") {
  Port port;
  port.subject = subject_of_provider();
  CHECK(port.check("ipv4").state == State::not_needed);
  CHECK(port.check("ipv6").state == State::not_needed);
  CHECK(port.hosts.probed.empty());
}

TEST_CASE("doctor: a block list with an entry is wrong, and shows its text") {
  Lists lists;
  CHECK(lists.check().state == State::fine);
  lists.dns.a("10.2.0.192.bl.example", "127.0.0.4").txt("10.2.0.192.bl.example", "https://bl.example/?ip=192.0.2.10");
  const Finding finding = lists.check();
  CHECK(finding.state == State::wrong);
  CHECK_THAT(finding.evidence, Catch::Contains("127.0.0.4") && Catch::Contains("https://bl.example/?ip=192.0.2.10"));
}

TEST_CASE("doctor: a block list that refuses, fails, lists nothing or lists everything is never believed") {
  const std::pair<const char*, std::function<void(Lists&)>> kCases[] = {
      {"refuses its test entry", [](Lists& l) { l.dns.forget("2.0.0.127.bl.example").a("2.0.0.127.bl.example", "127.255.255.254"); }},
      {"refuses the address", [](Lists& l) { l.dns.a("10.2.0.192.bl.example", "127.255.255.255"); }},
      {"does not answer", [](Lists& l) { l.dns.fail("2.0.0.127.bl.example"); }},
      {"has ended", [](Lists& l) { l.dns.forget("2.0.0.127.bl.example"); }},
      {"lists everything", [](Lists& l) { l.dns.a("1.0.0.127.bl.example", "127.0.0.2").a("10.2.0.192.bl.example", "127.0.0.2"); }},
      {"is a domain for sale",
       [](Lists& l) {
         l.dns.forget("2.0.0.127.bl.example").a("2.0.0.127.bl.example", "203.0.113.80").a("10.2.0.192.bl.example", "203.0.113.80");
       }},
  };
  for (const auto& [title, how] : kCases) {
    Lists lists;
    how(lists);
    INFO(title << ": " << lists.check().evidence);
    CHECK(lists.check().state == State::unknown);
  }
}

TEST_CASE("doctor: a block list without IPv6 says nothing about an IPv6 address") {
  Lists lists;
  lists.subject.mail.addresses = {address("2001:db8::10")};
  CHECK(lists.check().state == State::not_needed);
  CHECK(list_name(address("::ffff:7f00:2"), "bl.example") ==
        "2.0.0.0.0.0.f.7.f.f.f.f." + std::string("0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.bl.example"));
  lists.dns.a(list_name(address("::ffff:7f00:2"), "bl.example"), "127.0.0.2")
      .a(list_name(address("2001:db8::10"), "bl.example"), "127.0.0.2");
  CHECK(lists.check().state == State::wrong);
}

TEST_CASE("doctor: block lists are asked about no address that is not known, and not where a provider sends") {
  Lists lists;
  lists.subject = subject_behind_router();
  CHECK(lists.check().state == State::unknown);
  lists.subject = subject_of_provider();
  CHECK(lists.check().state == State::not_needed);
  CHECK(lists.dns.asked.empty());
}

TEST_CASE("doctor: name servers are fine, or wrong by UDP, TCP, EDNS and speed") {
  struct Case {
    const char* title;
    std::function<void(FakeServers&)> how;
    State state;
    bool answer;
  };
  using dns::Protocol;
  const Case kCases[] = {
      {"answers", [](FakeServers&) {}, State::fine, true},
      {"silent", [](FakeServers& s) { s.silent(); }, State::wrong, false},
      {"no TCP", [](FakeServers& s) { s.reply(Protocol::tcp, {{}, "connection refused"}); }, State::wrong, true},
      {"no EDNS", [](FakeServers& s) { s.reply(Protocol::udp, reply(dns::ReplyCode::format_error, 5)); }, State::wrong, true},
      {"slow", [](FakeServers& s) { s.reply(Protocol::udp, reply(dns::ReplyCode::no_error, 1500)); }, State::wrong, true},
      {"only for zones of its own", [](FakeServers& s) { s.reply(Protocol::udp, reply(dns::ReplyCode::refused, 5)); }, State::fine, true},
  };
  for (const Case& one : kCases) {
    FakeServers servers;
    one.how(servers);
    const ServerFound found = run(check_server(server(), servers));
    INFO(one.title << ": " << found.finding.evidence);
    CHECK(found.finding.state == one.state);
    CHECK(found.answers == one.answer);
  }
}

TEST_CASE("doctor: name servers that invent names are wrong") {
  ScriptedResolver dns;
  CHECK(run(check_nxdomain("mxpress-x", dns)).front().state == State::fine);
  dns.a("mxpress-x.com", "203.0.113.80");
  CHECK(run(check_nxdomain("mxpress-x", dns)).front().state == State::wrong);
  dns.forget("mxpress-x.com").fail("mxpress-x.com").fail("mxpress-x.invalid");
  CHECK(run(check_nxdomain("mxpress-x", dns)).front().state == State::unknown);
}

TEST_CASE("doctor: DNSSEC is what the daemon says of it") {
  CHECK(check_dnssec("on: 127.0.0.1:53 is trusted for DNSSEC").state == State::fine);
  CHECK(check_dnssec("off: no trust anchor").state == State::not_needed);
  CHECK(check_dnssec("").state == State::unknown);
}

TEST_CASE("doctor: codes that known lists publish for what they list are told in words, and others are no listing") {
  const auto listing = [](const char* code, std::string_view list) {
    dns::Answer answer;
    answer.kind = dns::AnswerKind::found;
    answer.addresses.push_back(address(code));
    return std::pair(listing_of(answer, list), meaning_of(answer, list));
  };
  CHECK(listing("127.0.0.10", "zen.spamhaus.org").second.starts_with("PBL: its network says"));
  for (const char* code : {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.7", "127.0.0.9", "127.0.0.11"}) {
    CHECK(listing(code, "zen.spamhaus.org").first == Listing::listed);
    CHECK_FALSE(listing(code, "zen.spamhaus.org").second.empty());
  }
  for (const char* code : {"127.255.255.252", "127.255.255.254", "127.255.255.255", "127.0.0.1", "198.51.100.1"})
    CHECK(listing(code, "zen.spamhaus.org").first == Listing::refused);
  CHECK(listing("127.0.1.2", "zen.spamhaus.org").first == Listing::other);
  CHECK(listing("127.0.0.12", "bl.mailspike.net").first == Listing::listed);
  for (const char* code : {"127.0.0.15", "127.0.0.18", "127.0.0.20"}) CHECK(listing(code, "bl.mailspike.net").first == Listing::other);
  CHECK(listing("127.0.0.3", "bl.spamcop.net").first == Listing::other);
  CHECK(listing("127.0.0.99", "bl.example").first == Listing::listed);
  CHECK(listing("127.0.0.1", "bl.example").first == Listing::refused);
}

}  // namespace mxpress::testing
