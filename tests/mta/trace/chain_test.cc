// Chains of Received fields, honest and forged.
#include "mta/trace/chain.h"

#include <catch2/catch.hpp>

#include "mta/trace/host_names.h"
#include "tests/support/received_forms.h"

namespace mxpress::testing {
namespace {

using namespace mta::trace;
using std::chrono::sys_days;
using namespace std::chrono_literals;

const WallTime kNow = WallTime(sys_days(2026y / 12 / 1)) + 12h;

Chain chain_of(const std::string& header, const OwnHosts& own = {}) { return read_chain(crlf(header), own, kNow); }

std::string doubts_of(const Chain& chain) {
  std::string text;
  for (const Hop& hop : chain.hops)
    for (const Doubt& doubt : hop.doubts) text += std::string(to_string(doubt.kind)) + ": " + doubt.text + "\n";
  return text;
}

std::string field(const std::string& from, const std::string& by, const std::string& time, const std::string& with = "ESMTP") {
  return "Received: from " + from + "\n\tby " + by + " (Postfix) with " + with + " id 1;\n\tTue, 1 Dec 2026 " + time + "\n";
}

const std::string kEntry = field("out.sender.example (out.sender.example [192.0.2.1])", "mx.here.example", "10:00:05 +0000");

}  // namespace

TEST_CASE("trace: honest chains of all programs raise no doubt") {
  for (const ReceivedForm& form : received_forms()) {
    INFO(form.program);
    CHECK(doubts_of(chain_of(form.honest)) == "");
  }
}

TEST_CASE("trace: forged chains of all programs raise the doubt that they deserve") {
  for (const ReceivedForm& form : received_forms()) {
    INFO(form.program);
    CHECK_THAT(doubts_of(chain_of(form.forged)), Catch::Contains(std::string(to_string(form.doubt))));
  }
}

TEST_CASE("trace: hops are in order of time, with delays and authors") {
  const Chain chain = chain_of(field("mx.here.example (mx.here.example [192.0.2.20])", "imap.here.example", "10:00:06 +0000") + kEntry +
                               field("[10.0.0.7] (unknown [10.0.0.7])", "out.sender.example", "10:00:02 +0000"));
  REQUIRE(chain.hops.size() == 3);
  CHECK((chain.hops[0].author == Author::unknown && !chain.hops[0].delay));
  CHECK((chain.hops[1].author == Author::entry_host && chain.hops[1].delay == 3s));
  CHECK((chain.hops[2].author == Author::own_host && chain.hops[2].delay == 1s));
  CHECK(chain.entry() == &chain.hops[1]);
  CHECK(chain.doubts() == 0);
}

TEST_CASE("trace: a name in HELO does not make a client an own host, its address or the name of that does") {
  const std::string older = field("smtp.bank.example (smtp.bank.example [198.51.100.7])", "mail2.here.example", "10:00:01 +0000");
  const auto entry_address = [&](const std::string& client, const OwnHosts& own) {
    const Chain chain = chain_of(field(client, "mx.here.example", "10:00:05 +0000") + older, own);
    return chain.entry()->received.client->to_string();
  };
  CHECK(entry_address("mail2.here.example (unknown [203.0.113.66])", {}) == "203.0.113.66");
  CHECK(entry_address("mail2.here.example (host66.bulk.test [203.0.113.66])", {}) == "203.0.113.66");
  CHECK(entry_address("mail2.here.example (mail2.here.example [203.0.113.66])", {}) == "198.51.100.7");
  CHECK(entry_address("mail2.here.example (unknown [192.168.1.5])", {}) == "198.51.100.7");
  const OwnHosts own{{"here.example"}, {dns::Network::parse("203.0.113.64/26").value()}};
  CHECK(entry_address("mail2.here.example (unknown [203.0.113.66])", own) == "198.51.100.7");
  const OwnHosts narrow{{"mx.here.example"}, {}};
  CHECK(entry_address("mail2.here.example (mail2.here.example [203.0.113.66])", narrow) == "203.0.113.66");
}

TEST_CASE("trace: clients of LMTP and mailboxes that are fetched from are own hosts, clients that sign in are not") {
  const std::string older = field("smtp.bank.example (smtp.bank.example [198.51.100.7])", "mx.there.example", "10:00:01 +0000");
  const auto entry_address = [&](const std::string& with, const std::string& client) {
    return chain_of(field(client, "box.here.example", "10:00:05 +0000", with) + older).entry()->received.client->to_string();
  };
  const std::string client = "mx.there.example (mx.there.example [203.0.113.5])";
  for (const char* with : {"LMTP", "LMTPS", "POP3", "IMAP"}) CHECK(entry_address(with, client) == "198.51.100.7");
  CHECK(entry_address("ESMTPS", client) == "203.0.113.5");
  CHECK(entry_address("ESMTPSA", "pc (pc.here.example [10.1.1.1])") == "10.1.1.1");
}

TEST_CASE("trace: a host with a short name on top does not make hosts of the sender own hosts") {
  const Chain chain = chain_of(field("a.bulk.test (a.bulk.test [203.0.113.66])", "mail", "10:00:05 +0000") +
                               field("smtp.bank.example (smtp.bank.example [198.51.100.7])", "b.bulk.test", "10:00:01 +0000"));
  CHECK(chain.entry()->received.client->to_string() == "203.0.113.66");
}

TEST_CASE("trace: an own host below the entry is doubted, unless the hops hang together by addresses") {
  const std::string own = field("smtp.bank.example (smtp.bank.example [198.51.100.7])", "mx2.here.example", "10:00:01 +0000");
  CHECK_THAT(doubts_of(chain_of(kEntry + own)), Catch::Contains("false-own-host") && Catch::Contains("mx2.here.example"));
  const std::string spoofed =
      "Received: from fe.here.example (2001:db8::5) by be.here.example (2001:db8::6) with Microsoft SMTP Server id 15; "
      "Tue, 1 Dec 2026 10:00:05 +0000\n";
  const std::string before =
      "Received: from out.sender.example (192.0.2.1) by fe.here.example (2001:db8::5) with Microsoft SMTP Server id 14; "
      "Tue, 1 Dec 2026 10:00:04 +0000\n";
  CHECK(doubts_of(chain_of(spoofed + before)) == "");
  CHECK(chain_of(spoofed + before).hops[0].author == Author::unknown);
}

TEST_CASE("trace: a hop that ends elsewhere than the next one begins") {
  CHECK_THAT(doubts_of(chain_of(kEntry + field("a.bank.example (a.bank.example [198.51.100.7])", "b.bank.example", "10:00:01 +0000"))),
             Catch::Contains("gap: It ends at b.bank.example, but hop 2 got the message from out.sender.example (192.0.2.1)"));
  for (const char* by : {"relay7.sender.example", "mx40", "mail.sender.lan", "192.0.2.1"}) {
    INFO(by);
    CHECK(doubts_of(chain_of(kEntry + field("pc (pc [10.1.1.1])", by, "10:00:01 +0000"))) == "");
  }
}

TEST_CASE("trace: clocks may differ by a minute, not by more") {
  const auto older = [](const std::string& time) { return field("pc (pc [10.1.1.1])", "out.sender.example", time); };
  CHECK(doubts_of(chain_of(kEntry + older("10:01:04 +0000"))) == "");
  CHECK_THAT(doubts_of(chain_of(kEntry + older("10:01:06 +0000"))), Catch::Contains("time-reversed") && Catch::Contains("61 s"));
  CHECK_THAT(doubts_of(chain_of(field("pc (pc [10.1.1.1])", "mx.here.example", "10:00:00 -1200"))), !Catch::Contains("future"));
  CHECK_THAT(doubts_of(chain_of("Received: by mx.here.example; Fri, 4 Dec 2026 10:00:00 +0000\n")), Catch::Contains("future"));
}

TEST_CASE("trace: the sender is that of the Return-Path above the entry, or of its note") {
  const std::string path = "Return-Path: <alice@sender.example>\n";
  CHECK(chain_of(path + kEntry).sender == "alice@sender.example");
  CHECK_FALSE(chain_of(kEntry + path).has_sender);
  CHECK((chain_of("Return-Path: <>\n" + kEntry).has_sender && chain_of("Return-Path: <>\n" + kEntry).sender.empty()));
  const std::string exim =
      "Received: from out.sender.example ([192.0.2.1]) by mx.here.example with esmtp (Exim 4.96) (envelope-from <eve@sender.example>) id "
      "1; "
      "Tue, 1 Dec 2026 10:00:05 +0000\n";
  CHECK(chain_of(exim + path).sender == "eve@sender.example");
}

TEST_CASE("trace: a header without Received, and one with too many") {
  CHECK(chain_of("From: a@b.example\nSubject: x\n").hops.empty());
  std::string many;
  for (int i = 0; i < 1500; ++i) many += "Received: by mx.here.example; Tue, 1 Dec 2026 10:00:00 +0000\n";
  const Chain chain = chain_of(many);
  CHECK(chain.hops.size() == kMostHops);
  CHECK(chain.has_more);
}

TEST_CASE("trace: texts of doubts cannot control a terminal") {
  for (const char c : doubts_of(chain_of(kEntry + field("x\x1b[2J.y (z\x07.q [203.0.113.9])", "e\x1b]0;vil.bank.example",
                                                        "10:00:01 +9\x1b"
                                                        "99"))))
    CHECK((c == '\n' || static_cast<unsigned char>(c) >= 32));
}

TEST_CASE("trace: names of one owner") {
  CHECK(registered_domain("a.b.Example.ORG.") == "example.org");
  CHECK(registered_domain("mx.firm.co.uk") == "firm.co.uk");
  CHECK(registered_domain("mx.firm.de") == "firm.de");
  CHECK(registered_domain("localhost") == "localhost");
  CHECK(are_of_one_owner("a.example.org", "b.c.example.org"));
  CHECK_FALSE(are_of_one_owner("a.co.uk", "b.co.uk"));
  CHECK_FALSE(are_of_one_owner("example.org", "badexample.org"));
  CHECK_FALSE(are_of_one_owner("", ""));
  CHECK(is_public_name("mx.example"));
  for (const char* name : {"mx", "[192.0.2.1]", "192.0.2.1", "2001:db8::1", "srv.lan", "localhost.localdomain", ""})
    CHECK_FALSE(is_public_name(name));
}

}  // namespace mxpress::testing
