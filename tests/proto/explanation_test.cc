// Explanations of failures: true in every situation that leads to them.
#include "proto/explanation.h"

#include <catch2/catch.hpp>
#include <string>

#include "proto/network_words.h"

using namespace mxpress::proto;

namespace {

HostResult own(Stage stage, EnhancedStatus status, std::string_view text, std::string address = "192.0.2.1:25") {
  HostResult result;
  result.stage = stage;
  result.status = status;
  result.text = std::string(text);
  result.address = std::move(address);
  return result;
}

// "450 4.7.1 text"
HostResult said(Stage stage, const std::string& reply) {
  HostResult result = own(stage, {reply[0] - '0', 0, 0}, reply);
  result.reply_code = std::stoi(reply.substr(0, 3));
  if (const auto status = EnhancedStatus::parse(reply.substr(4, reply.find(' ', 4) - 4))) result.status = *status;
  return result;
}

bool says(const Explanation& explanation, std::string_view part) { return explanation.words.find(part) != std::string::npos; }
bool hints(const Explanation& explanation, std::string_view part) { return explanation.hint.find(part) != std::string_view::npos; }

const EnhancedStatus kNotConnected{4, 4, 1};

}  // namespace

TEST_CASE("explanation: only a host that was silent did not answer") {
  const auto connect = [](std::string_view text) { return explain(own(Stage::connect, kNotConnected, text)); };
  CHECK(says(connect("connection timed out after 30 s"), "did not answer"));
  for (const std::string_view text : {kConnectionRefused, kNetworkUnreachable, kNoRoute, kNetworkDown, kNotPermitted, kTooManyFiles,
                                      kNoBufferSpace, kNoLocalAddress, kNoAddressFamily, std::string_view("something else")}) {
    CAPTURE(text);
    CHECK_FALSE(says(connect(text), "answer"));
  }
  CHECK(says(connect(kConnectionRefused), "was refused"));
  CHECK(says(connect(kNoRoute), "no way to the mail host's address"));
  CHECK(says(connect(kNotPermitted), "This host is not permitted"));
  CHECK(says(connect(kTooManyFiles), "This host could not begin another connection"));
}

TEST_CASE("explanation: what may be a blocked port says so, and whom to ask") {
  for (const std::string_view text : {"connection timed out after 30 s", "connection refused"}) {
    const Explanation blocked = explain(own(Stage::connect, kNotConnected, text));
    CHECK(hints(blocked, "port 25 is probably blocked"));
    CHECK(blocked.remedy == Remedy::ask_administrator_if_widespread);
  }
  CHECK(hints(explain(own(Stage::connect, kNotConnected, kNetworkUnreachable, "[2001:db8::1]:25")), "no IPv6"));
  CHECK_FALSE(hints(explain(own(Stage::connect, kNotConnected, kNetworkUnreachable)), "IPv6"));
}

TEST_CASE("explanation: a name that is refused is no misunderstanding, at whatever command the host says so") {
  for (const HostResult& result : {
           said(Stage::rcpt, "504 5.5.2 <web1>: Helo command rejected: need fully-qualified hostname"),
           said(Stage::mail, "550 5.5.4 invalid HELO, see the page"),
           said(Stage::hello, "450 4.7.1 <web1>: Helo command rejected: Host not found"),
       }) {
    const Explanation explanation = explain(result);
    CAPTURE(result.text);
    CHECK(says(explanation, "objects to the name by which this host greets it"));
    CHECK(explanation.remedy == Remedy::ask_administrator);
    CHECK(hints(explanation, "`hostname`"));
  }
  CHECK(says(explain(said(Stage::hello, "501 5.0.0 Invalid domain name")), "after this host's greeting (EHLO)"));
  CHECK(says(explain(said(Stage::rcpt, "550 5.5.0 mailbox unavailable")), "did not accept what it was told"));
  CHECK(says(explain(own(Stage::mail, {4, 5, 5}, "the mail host sent no valid SMTP reply: too long")), "did not understand each other"));
}

TEST_CASE("explanation: a refusal because of a block list names the list, at the greeting and later") {
  for (const Stage stage : {Stage::greeting, Stage::hello, Stage::mail, Stage::rcpt, Stage::content}) {
    HostResult result = said(stage, "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org");
    CHECK(explain(result).words == "The mail host refuses mail because of the block list \"zen.spamhaus.org\".");
    CHECK(explain(result).remedy == Remedy::ask_administrator);
    result.status.klass = 4;  // as it is reported while others are tried
    CHECK(says(explain(result), "zen.spamhaus.org"));
  }
  const Explanation unasked = explain(said(Stage::rcpt, "554 5.7.1 blocked using zen.spamhaus.org; Query refused"));
  CHECK(says(unasked, "does not answer its questions"));
  CHECK(unasked.remedy == Remedy::send_later);
}

TEST_CASE("explanation: a host that has replied is not said to be silent, lost or unknown") {
  for (const char* reply : {"550 5.4.1 Recipient address rejected: Access denied", "451 4.4.1 try later", "451 4.4.3 temporary failure",
                            "550 5.4.4 unroutable", "451 4.4.4 no mail-enabled subscriptions", "421 4.4.2 timeout exceeded"}) {
    const Explanation explanation = explain(said(Stage::rcpt, reply));
    CAPTURE(reply, explanation.words);
    for (const char* part : {"did not answer", "was lost", "could not be found out", "not be reached"})
      CHECK_FALSE(says(explanation, part));
  }
  CHECK(explain(said(Stage::rcpt, "550 5.4.1 Recipient address rejected: Access denied")).remedy == Remedy::check_address);
}

TEST_CASE("explanation: what happened on this host is not put down to the mail host") {
  for (const HostResult& result : {own(Stage::local, {4, 3, 0}, "no room for another conversion"), own(Stage::local, {5, 3, 0}, "damaged"),
                                   own(Stage::local, {4, 2, 0}, "the mailbox is full"), own(Stage::none, {4, 4, 0}, "not every recipient"),
                                   own(Stage::none, {4, 4, 7}, kHeldTooLong), own(Stage::tls, {4, 7, 5}, "TLS: bad record"),
                                   own(Stage::local, {5, 0, 0}, "returned to the sender by the operator")}) {
    const Explanation explanation = explain(result);
    CAPTURE(result.text, explanation.words);
    for (const char* part : {"The mail host has", "The mail host asks", "The recipient's", "not be reached"})
      CHECK_FALSE(says(explanation, part));
  }
  CHECK(says(explain(own(Stage::local, {5, 3, 4}, "size")), "larger than the mail host takes"));
}

TEST_CASE("explanation: one who waits for a host learns nothing false from another's failure") {
  const HostResult full = for_other_messages(said(Stage::rcpt, "421 4.2.2 mailbox of you@there.example full"), std::nullopt);
  CHECK(explain(full).words == "The mail host took no mail when it was last asked.");
}

TEST_CASE("explanation: an objection to MAIL is about the sender, and a mailbox is not closed for one busy hour") {
  CHECK(says(explain(said(Stage::mail, "550 5.1.0 address rejected")), "the sender's address"));
  CHECK(says(explain(said(Stage::rcpt, "550 5.1.0 address rejected")), "did not accept the address"));
  CHECK(says(explain(said(Stage::rcpt, "450 4.2.1 is receiving mail too quickly")), "for now"));
  CHECK(says(explain(said(Stage::rcpt, "550 5.2.1 is disabled")), "switched off"));
  CHECK(says(explain(said(Stage::rcpt, "450 4.1.1 unverified address")), "may not exist"));
}

TEST_CASE("explanation: codes that mail hosts use in their own sense are explained by their words") {
  CHECK(says(explain(said(Stage::content, "550 5.7.27 the sender did not authenticate with SPF")), "SPF, DKIM or DMARC"));
  CHECK(says(explain(said(Stage::content, "550 5.7.29 must use TLS/SSL for SMTP")), "encrypted"));
  CHECK(says(explain(said(Stage::content, "550 5.7.30 requires DKIM")), "SPF, DKIM or DMARC"));
  CHECK(says(explain(said(Stage::rcpt, "550 5.1.10 Recipient not found")), "did not accept the recipient's address"));
  CHECK(says(explain(own(Stage::lookup, {5, 1, 10}, "null MX")), "takes no mail at all"));
  for (const char* reply : {"553 5.7.2 will be permanently deferred", "550 5.7.29 not secure", "550 5.7.30 not supported"})
    CHECK(explain(said(Stage::content, reply)).words == "The mail host refused the message as a matter of its policy.");
  CHECK(says(explain(said(Stage::rcpt, "450 4.7.1 cannot find your reverse hostname")), "no name in the name service"));
  CHECK(says(explain(said(Stage::rcpt, "450 4.7.1 policy")), "for now, as a matter of its policy"));
  CHECK(says(explain(said(Stage::rcpt, "550 5.1.1 <postmaster@spamhaus.org> user unknown")), "no mailbox"));
}

TEST_CASE("explanation: mail that waits because this host cannot send is no fault of the mail host") {
  const auto explained = explain(own(Stage::none, {4, 4, 1}, "this host cannot send directly: the name servers do not answer"));
  CHECK(says(explained, "cannot send any mail this way"));
  CHECK(explained.remedy == Remedy::ask_administrator);
}

TEST_CASE("explanation: every result has words, whatever its codes") {
  for (int stage = 0; stage <= static_cast<int>(Stage::none); ++stage)
    for (const int klass : {2, 4, 5})
      for (int subject = 0; subject < 9; ++subject)
        for (const int code : {0, klass * 100 + 50}) {
          HostResult result = own(static_cast<Stage>(stage), {klass, subject, 1}, code == 0 ? "some trouble" : "x50 some trouble");
          result.reply_code = code;
          CHECK(explain(result).words.ends_with("."));
        }
}
