// What would become of a message on its way.
#include "mta/check/message.h"

#include <catch2/catch.hpp>

#include "mta/check/findings.h"
#include "mta/config/config.h"
#include "proto/printable.h"

using namespace mxpress;
using namespace mxpress::mta::check;

namespace {

Findings to_host(proto::Extensions extensions, const std::string& sender = "me@here.example") {
  Findings findings;
  findings.sender = sender;
  HostFinding host{{"mx1", dns::Address{}}, {}};
  host.extensions = std::move(extensions);
  host.reached_mail = true;
  findings.hosts.push_back(std::move(host));
  return findings;
}

std::string notes(const std::string& text, const Findings& findings, const std::string& toml = "") {
  const auto config = mta::parse_config("hostname = \"mta.here.example\"\n" + toml, "test.toml").value();
  std::string all;
  for (const std::string& note : message_notes(Message::parse(text).value(), config, findings)) all += note + "\n";
  return all;
}

const std::string kSigned = "[dkim.\"here.example\"]\nkeys = { one = \"/nonexistent/key\" }\n";

}  // namespace

TEST_CASE("check message: lines get CRLF, and the header ends at the empty line") {
  const Message message = Message::parse("From: a@b.example\n\nFrom: c@d.example\n").value();
  CHECK(message.size() == 40);
  CHECK(message.header() == "From: a@b.example\r\n");
  CHECK_FALSE(Message::parse(std::string("a\0b", 3)).ok());
}

TEST_CASE("check message: what a host's SIZE and its lack of 8BITMIME mean is told, and no more than that") {
  proto::Extensions small;
  small.size_limit = 10;
  const std::string text = "From: me@here.example\n\ngr\xc3\xbc\xc3\x9f\n";
  CHECK_THAT(notes(text, to_host(small)), Catch::Contains("mx1 takes at most 10 octets") && Catch::Contains("converted to 7 bits"));
  proto::Extensions large;
  large.size_limit = 0;
  large.eight_bit_mime = true;
  CHECK_THAT(notes(text, to_host(large)), !Catch::Contains("takes at most") && !Catch::Contains("7 bits"));
}

TEST_CASE("check message: missing fields, Bcc and long lines are told") {
  const std::string told = notes("Bcc: x@y.example\n\n" + std::string(1200, 'x') + "\n", to_host({}));
  CHECK_THAT(told, Catch::Contains("adds what is missing: From, Date, Message-ID.") && Catch::Contains("removes Bcc") &&
                       Catch::Contains("1200 octets, more than the 998"));
}

TEST_CASE("check message: From agrees with the signature and the sender, with one of them, or with neither") {
  const std::string own = "From: Me <me@here.example>\n\nx\n";
  CHECK_THAT(notes(own, to_host({}), kSigned),
             Catch::Contains("signed by here.example") && Catch::Contains("the signature and the sender"));
  CHECK_THAT(notes(own, to_host({}, "b@bounces.example"), kSigned), Catch::Contains("agrees with the signature, which is enough"));
  CHECK_THAT(notes(own, to_host({})), Catch::Contains("It is not signed") && Catch::Contains("depends on SPF alone"));
  CHECK_THAT(notes("From: boss@other.example\n\nx\n", to_host({}), kSigned), Catch::Contains("agrees neither"));
  CHECK_THAT(notes("From: boss@nothere.example\n\nx\n", to_host({}), kSigned), Catch::Contains("agrees neither"));
  CHECK_THAT(notes("From: a@here.example, b@here.example\n\nx\n", to_host({})), Catch::Contains("no single address"));
}

TEST_CASE("check message: notes are printable whatever stands in the header") {
  for (const char c : notes("From: \x1b[31m<a@b.example>\nBcc\x07: x\n\nx\n", to_host({})))
    CHECK((c == '\n' || proto::is_printable({&c, 1})));
}
