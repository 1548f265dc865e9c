// The real sendmail program against the real entrances, with a spool in memory.
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/server_house.h"

using mxpress::testing::IntakeHouse;

namespace {

// What a mail is behind the fields that intake put in front of it.
std::string behind(const std::string& content, const std::string& field) {
  const auto at = content.find("\r\n" + field);
  return at == std::string::npos ? std::string() : content.substr(at + 2);
}

}  // namespace

TEST_CASE("sendmail: a message from stdin is in the spool when the program exits with 0") {
  IntakeHouse house;
  const auto result = house.sendmail({"-f", "me@here.example", "you@there.example"}, "Subject: hi\n\nhello\n.dot\n");
  CHECK(result.errors == "");
  REQUIRE(result.code == 0);
  const auto kept = house.spool.kept();
  REQUIRE(kept.size() == 1);
  const auto& envelope = kept[0].message.envelope;
  CHECK(envelope.reverse_path.to_string() == "me@here.example");
  REQUIRE(envelope.recipients.size() == 1);
  CHECK(envelope.recipients[0].mailbox.to_string() == "you@there.example");
  CHECK(envelope.submitter.entrance == "sendmail");
  CHECK(envelope.submitter.uid == ::getuid());
  CHECK(envelope.submitter.pid > 0);
  CHECK(envelope.submitter.program == "sendmail");
  CHECK(behind(kept[0].content, "Subject:") == "Subject: hi\r\n\r\nhello\r\n.dot\r\n");
  CHECK(kept[0].content.starts_with("Received: "));
  CHECK(kept[0].content.find("\r\nFrom: ") != std::string::npos);
  CHECK(kept[0].content.find("\r\nDate: ") != std::string::npos);
  CHECK(kept[0].content.find("\r\nMessage-ID: <") != std::string::npos);
  CHECK(house.deliverer.admitted() == std::vector{kept[0].id});
}
