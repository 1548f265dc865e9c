// The wire format of the DNS: our codec against packets composed by other code, cut and bent.
#include "dns/packet.h"

#include <catch2/catch.hpp>
#include <random>

#include "tests/support/dns_wire.h"

namespace mxpress::dns {
namespace {

using namespace std::chrono_literals;
using testing::WireQuery;
using testing::WireReply;

Bytes bytes_of(const std::string& text) { return Bytes(text.begin(), text.end()); }

std::string reply_packet(const WireReply& reply, const Question& question = {"a.example", RecordType::mx}) {
  WireQuery query;
  query.id = 0x1234;
  query.question = question;
  return testing::encode_reply(query, reply);
}

WireReply rich_reply() {
  WireReply reply;
  reply.answers.push_back(testing::parse_record("a.example", "MX", "10 mx.a.example", 300));
  reply.answers.push_back(testing::parse_record("a.example", "MX", "0 .", 200));
  reply.answers.push_back(testing::parse_record("mx.a.example", "A", "192.0.2.1", 100));
  reply.answers.push_back(testing::parse_record("mx.a.example", "AAAA", "2001:db8::1", 100));
  reply.answers.push_back(testing::parse_record("b.example", "CNAME", "A.Example", 100));
  reply.answers.push_back(testing::parse_record("a.example", "TXT", std::string(300, 't'), 100));
  reply.authority.push_back({"example", RecordType::soa, 900, testing::soa_data("example", 60)});
  return reply;
}

TEST_CASE("packet: a query carries id, name, type, RD, AD and the EDNS size") {
  const Bytes query = encode_query({"a.example", RecordType::mx}, 0xABCD, Edns::with).value();
  const std::optional<WireQuery> seen = testing::decode_query(std::string(query.begin(), query.end()));
  REQUIRE(seen);
  CHECK(seen->id == 0xABCD);
  CHECK(seen->question == Question{"a.example", RecordType::mx});
  CHECK(seen->edns);
  CHECK(query[2] == 0x01);                           // RD
  CHECK(query[3] == 0x20);                           // AD
  const std::string opt("\x00\x00\x29\x04\xd0", 5);  // the root, OPT, 1232
  CHECK(std::string(query.begin(), query.end()).find(opt) != std::string::npos);
  CHECK_FALSE(testing::decode_query([](const Bytes& b) {
                return std::string(b.begin(), b.end());
              }(encode_query({"a.example", RecordType::mx}, 1, Edns::without).value()))
                  ->edns);
}

TEST_CASE("packet: the root can be asked for") {
  const Bytes query = encode_query({"", RecordType::ns}, 1, Edns::without).value();
  CHECK(query.size() == 12 + 1 + 4);
}

TEST_CASE("packet: names that do not fit are refused") {
  CHECK_FALSE(encode_query({std::string(64, 'x') + ".example", RecordType::a}, 1, Edns::with).ok());
  CHECK_FALSE(encode_query({"a..example", RecordType::a}, 1, Edns::with).ok());
  std::string longest;
  for (int i = 0; i < 5; ++i) longest += std::string(60, 'x') + ".";
  CHECK_FALSE(encode_query({longest + "example", RecordType::a}, 1, Edns::with).ok());
}

TEST_CASE("packet: an answer is read into values") {
  const Packet packet = decode(bytes_of(reply_packet(rich_reply()))).value();
  CHECK(packet.id == 0x1234);
  CHECK((packet.is_response && packet.recursion_available));
  CHECK_FALSE((packet.is_truncated || packet.is_authoritative || packet.authenticated_data));
  CHECK(packet.question == Question{"a.example", RecordType::mx});
  REQUIRE(packet.answers.size() == 6);
  CHECK(packet.answers[0].mx.host == "mx.a.example");
  CHECK(packet.answers[0].mx.preference == 10);
  CHECK(packet.answers[0].ttl == 300s);
  CHECK(packet.answers[1].mx.host.empty());
  CHECK(packet.answers[2].address.to_string() == "192.0.2.1");
  CHECK(packet.answers[3].address.to_string() == "2001:db8::1");
  CHECK(packet.answers[4].text == "a.example");
  CHECK(packet.answers[5].text == std::string(300, 't'));
  CHECK(packet.soa_owner == "example");
  CHECK(packet.negative_ttl == 60s);
}

TEST_CASE("packet: octets of a name that could do harm are escaped") {
  WireReply reply;
  reply.answers.push_back({"a.example", RecordType::mx, 60,
                           std::string("\x00\x05\x08"
                                       "a\r\n.\x1b\\ \xff"
                                       "\x00",
                                       12)});
  const Packet packet = decode(bytes_of(reply_packet(reply))).value();
  REQUIRE(packet.answers.size() == 1);
  CHECK(packet.answers[0].mx.host == "a\\013\\010\\046\\027\\092\\032\\255");
}

TEST_CASE("packet: a time to live with the highest bit counts as zero") {
  WireReply reply;
  reply.answers.push_back(testing::parse_record("a.example", "A", "192.0.2.1", 0x80000001u));
  CHECK(decode(bytes_of(reply_packet(reply)))->answers.at(0).ttl == 0s);
}

TEST_CASE("packet: addresses that are too short are refused with the packet or left out") {
  for (const std::size_t size : {0u, 1u, 3u}) {
    WireReply reply;
    reply.answers.push_back({"a.example", RecordType::a, 60, std::string(size, 'x')});
    const Result<Packet> packet = decode(bytes_of(reply_packet(reply)));
    CHECK((!packet || packet->answers.empty()));
  }
}

TEST_CASE(
    "packet: records of every type with data of every short length are refused with the packet or left out, and nothing is read past their "
    "end") {
  using Type = RecordType;
  for (const Type type : {Type::mx, Type::cname, Type::ns, Type::ptr, Type::soa, Type::txt, Type::a, Type::aaaa, Type::tlsa}) {
    for (std::size_t size = 0; size < 24; ++size) {
      for (const char fill : {'\0', '\x01', '\x3f', '\xc0'}) {
        WireReply reply;
        reply.answers.push_back({"a.example", type, 60, std::string(size, fill)});
        reply.authority.push_back({"a.example", type, 60, std::string(size, fill)});
        const Result<Packet> packet = decode(bytes_of(reply_packet(reply, {"a.example", type})));
        if (!packet) continue;
        for (const Record& record : packet->answers) CHECK(record.text.size() <= 4 * size + 4);
      }
    }
  }
}

// Resolvers pass such records on; one of them beside others must not make the answer a failure (RFC 7672 2.1.2).
TEST_CASE("packet: TLSA records with data of no to three octets are read as they are, also beside another") {
  for (std::size_t size = 0; size <= 3; ++size) {
    WireReply reply;
    reply.answers.push_back({"a.example", RecordType::tlsa, 60, std::string(size, '\x03')});
    reply.answers.push_back({"a.example", RecordType::tlsa, 60, "\x03\x01\x01" + std::string(32, 'x')});
    const Result<Packet> packet = decode(bytes_of(reply_packet(reply, {"a.example", RecordType::tlsa})));
    REQUIRE(packet);
    REQUIRE(packet->answers.size() == 2);
    CHECK(packet->answers[0].text == std::string(size, '\x03'));
    CHECK(packet->answers[1].text == "\x03\x01\x01" + std::string(32, 'x'));
  }
}

TEST_CASE("packet: an MX record without a host makes no MX") {
  for (const std::size_t size : {0u, 1u, 2u}) {
    WireReply reply;
    reply.answers.push_back({"a.example", RecordType::mx, 60, std::string(size, '\0')});
    const Result<Packet> packet = decode(bytes_of(reply_packet(reply)));
    CHECK((!packet || packet->answers.empty()));
  }
}

TEST_CASE("packet: a truncated answer may end anywhere behind its question") {
  WireReply reply = rich_reply();
  reply.truncated = true;
  const std::string packet = reply_packet(reply);
  const std::size_t question_end = 12 + testing::write_name("a.example").size() + 4;
  for (std::size_t size = question_end; size <= packet.size(); ++size) {
    const Result<Packet> cut = decode(bytes_of(packet.substr(0, size)));
    REQUIRE(cut);
    CHECK((cut->is_truncated && cut->question && cut->answers.empty()));
  }
}

TEST_CASE("packet: every shortened packet without TC is an error") {
  const std::string packet = reply_packet(rich_reply());
  for (std::size_t size = 0; size < packet.size(); ++size) CHECK_FALSE(decode(bytes_of(packet.substr(0, size))).ok());
}

TEST_CASE("packet: a name compressed into a loop is an error") {
  std::string packet = reply_packet({});
  packet[7] = 1;  // one answer...
  const char self = static_cast<char>(packet.size());
  packet += std::string("\xC0") + self;  // ...whose name points at itself
  packet += std::string("\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x01\x02\x03\x04", 14);
  CHECK_FALSE(decode(bytes_of(packet)).ok());
}

TEST_CASE("packet: bent packets are read or refused, never believed to be larger than they are") {
  std::mt19937 random(7);
  const Bytes whole = bytes_of(reply_packet(rich_reply()));
  std::size_t readable = 0;
  for (int i = 0; i < 20'000; ++i) {
    Bytes bent = whole;
    for (unsigned n = 1 + random() % 4; n > 0; --n) bent[random() % bent.size()] = static_cast<std::uint8_t>(random());
    const Result<Packet> packet = decode(bent);
    if (!packet) continue;
    ++readable;
    REQUIRE(packet->answers.size() <= whole.size());
  }
  CHECK(readable > 0);
}

}  // namespace
}  // namespace mxpress::dns
