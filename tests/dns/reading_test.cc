// Interpretation of packets as answers to a question.
#include "dns/reading.h"

#include <catch2/catch.hpp>

namespace mxpress::dns {
namespace {

using namespace std::chrono_literals;

const Question kQuestion{"a.example", RecordType::a};

Record address(const std::string& name, std::chrono::seconds ttl = 300s) {
  Record record;
  record.name = name;
  record.ttl = ttl;
  record.address = Address::parse("192.0.2.1").value();
  return record;
}

Record alias(const std::string& name, const std::string& target, std::chrono::seconds ttl = 300s) {
  Record record;
  record.name = name;
  record.type = RecordType::cname;
  record.ttl = ttl;
  record.text = target;
  return record;
}

Packet packet(std::vector<Record> answers) {
  Packet result;
  result.is_response = result.recursion_available = true;
  result.answers = std::move(answers);
  return result;
}

Packet with_soa(Packet result, const std::string& owner) {
  result.soa_owner = owner;
  result.negative_ttl = 60s;
  return result;
}

TEST_CASE("reading: records of the name are found, with the lowest time to live") {
  const Reading reading = read_answer(kQuestion, packet({address("a.example", 300s), address("a.example", 20s)}));
  CHECK(reading.answer.kind == AnswerKind::found);
  CHECK(reading.answer.addresses.size() == 2);
  CHECK(reading.answer.ttl == 20s);
}

TEST_CASE("reading: records of other names are not believed, not even behind a real alias") {
  CHECK(read_answer(kQuestion, packet({address("b.example")})).answer.kind == AnswerKind::no_data);
  const Reading reading = read_answer(kQuestion, packet({alias("a.example", "c.example"), address("b.example")}));
  CHECK(reading.leads_elsewhere);
  CHECK(reading.answer.addresses.empty());
}

TEST_CASE("reading: a chain of aliases is followed in any order of the records, and its lowest time to live holds") {
  const Reading reading = read_answer(
      kQuestion, packet({address("c.example", 300s), alias("b.example", "c.example", 50s), alias("a.example", "b.example", 90s)}));
  CHECK(reading.answer.kind == AnswerKind::found);
  CHECK(reading.answer.canonical_name == "c.example");
  CHECK(reading.answer.ttl == 50s);
  CHECK(reading.aliases == 2);
}

TEST_CASE("reading: a loop of aliases is a failure") {
  CHECK(read_answer(kQuestion, packet({alias("a.example", "a.example")})).answer.kind == AnswerKind::failed);
  CHECK(read_answer(kQuestion, packet({alias("a.example", "b.example"), alias("b.example", "a.example")})).answer.kind ==
        AnswerKind::failed);
}

TEST_CASE("reading: NXDOMAIN speaks of the end of the chain") {
  Packet denied = with_soa(packet({alias("a.example", "b.test", 30s)}), "test");
  denied.code = ReplyCode::name_error;
  const Reading reading = read_answer(kQuestion, denied);
  CHECK(reading.answer.kind == AnswerKind::no_such_name);
  CHECK(reading.answer.canonical_name == "b.test");
  CHECK(reading.answer.ttl == 30s);
  CHECK(reading.negative_zone == "test");
}

TEST_CASE("reading: no data with SOA is kept for its time, without SOA not at all") {
  CHECK(read_answer(kQuestion, with_soa(packet({}), "example")).answer.ttl == 60s);
  const Reading reading = read_answer(kQuestion, packet({}));
  CHECK(reading.answer.kind == AnswerKind::no_data);
  CHECK(reading.answer.ttl == 0s);
}

TEST_CASE("reading: from a server that does not recurse, only a SOA of the name's own zone makes no data") {
  Packet silent = packet({});
  silent.recursion_available = false;
  CHECK(read_answer(kQuestion, silent).answer.kind == AnswerKind::failed);
  CHECK(read_answer(kQuestion, with_soa(silent, "test")).answer.kind == AnswerKind::failed);
  CHECK(read_answer(kQuestion, with_soa(silent, "ample")).answer.kind == AnswerKind::failed);
  CHECK(read_answer(kQuestion, with_soa(silent, "example")).answer.kind == AnswerKind::no_data);
  CHECK(read_answer(kQuestion, with_soa(silent, "")).answer.kind == AnswerKind::no_data);
}

TEST_CASE("reading: any other code is a failure that is named, whatever the packet holds") {
  for (const auto& [code, name] : {std::pair(ReplyCode::server_failure, "SERVFAIL"), std::pair(ReplyCode::refused, "REFUSED"),
                                   std::pair(ReplyCode::format_error, "FORMERR"), std::pair(static_cast<ReplyCode>(11), "RCODE 11")}) {
    Packet refused = packet({address("a.example")});
    refused.code = code;
    const Reading reading = read_answer(kQuestion, refused);
    CHECK(reading.answer.kind == AnswerKind::failed);
    CHECK(reading.answer.addresses.empty());
    CHECK(reading.answer.text == name);
  }
}

}  // namespace
}  // namespace mxpress::dns
