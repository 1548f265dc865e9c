// The pipeline with a signer: what is signed is what a host gets.
#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "mta/content/conversion.h"
#include "mta/content/data_source.h"
#include "mta/content/dkim_signer.h"
#include "mta/content/pipeline.h"
#include "mta/content/signed_content.h"
#include "mta/content/signer.h"
#include "proto/mail_data.h"
#include "tests/support/content_source.h"
#include "tests/support/dkim_keys.h"
#include "tests/support/dkim_verifier.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::content::ConversionRoom;
using mta::content::DkimSigner;
using mta::content::HostNeeds;
using mta::content::Pipeline;
using mta::content::Prepared;

namespace {

const HostNeeds kModern{true, "mx.example"};
const HostNeeds kOld{false, "old.example"};
const std::map<std::string, mta::dkim::PublicKey> kPublished = {{"r1._domainkey.example.org", rsa_key().public_key()},
                                                                {"e1._domainkey.example.org", ed25519_key().public_key()}};
const std::string kFrom = "From: a@example.org\r\n";

DkimSigner make_signer() {
  mta::dkim::KeyRing ring;
  const Status added = ring.add({*proto::Domain::parse("example.org"), {{"r1", rsa_key()}, {"e1", ed25519_key()}}});
  REQUIRE(added.ok());
  return DkimSigner(std::move(ring));
}

proto::Envelope envelope_of(const std::string& content) {
  const proto::ContentFacts facts = proto::inspect(content);
  proto::Envelope envelope;
  envelope.body = facts.body();
  envelope.has_long_lines = facts.needs_reencoding();
  return envelope;
}

std::string text_of(const Prepared& prepared, std::size_t piece = 1000) {
  REQUIRE_FALSE(prepared.refusal);
  auto all = run(read_all(*prepared.data, piece));
  REQUIRE(all);
  CHECK(all->size() == prepared.data->size());
  return *all;
}

std::string sent(const std::string& content, const HostNeeds& needs = kModern) {
  DkimSigner signer = make_signer();
  MemorySource stored(content);
  const proto::Envelope envelope = envelope_of(content);
  Pipeline pipeline(stored, envelope, ConversionRoom::common(), &signer);
  CHECK_FALSE(pipeline.as_stored(needs));
  return text_of(run(pipeline.prepare(needs)));
}

std::string without_signatures(const std::string& message) { return message.substr(message.find("\r\nFrom:") + 2); }

// Of both keys, and good.
void check_signed(const std::string& message, const std::string& form = "relaxed/relaxed") {
  const auto all = verify_all(message, kPublished);
  REQUIRE(all.size() == 2);
  for (const SeenSignature& one : all) {
    CHECK(one.is_good);
    CHECK(one.tags.at("c") == form);
  }
}

}  // namespace

TEST_CASE("pipeline: a signer puts its signatures in front of what is sent otherwise as it is") {
  const std::string content = kFrom + "Subject: hi\r\n\r\nhello\r\n";
  const std::string message = sent(content);
  check_signed(message);
  CHECK(without_signatures(message) == content);
}

TEST_CASE("pipeline: what a host gets is signed, each host's content with its own signature") {
  const std::string content = kFrom +
                              "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
                              "Gr\xc3\xbc\xc3\x9f\x65\r\n";
  DkimSigner signer = make_signer();
  MemorySource stored(content);
  const proto::Envelope envelope = envelope_of(content);
  Pipeline pipeline(stored, envelope, ConversionRoom::common(), &signer);
  const Prepared modern = run(pipeline.prepare(kModern));
  const Prepared old = run(pipeline.prepare(kOld));
  CHECK(run(pipeline.prepare(kModern)).data == modern.data);
  CHECK(run(pipeline.prepare(kOld)).data == old.data);
  CHECK(old.data != modern.data);
  check_signed(text_of(modern));
  check_signed(text_of(old));
  CHECK_FALSE(proto::inspect(text_of(old)).eight_bit);
  CHECK(old.body == proto::BodyType::seven_bit);
  CHECK(modern.signature->domain() == "example.org");
}

TEST_CASE("pipeline: without a key for a message it is sent as it is") {
  const std::string content = "From: a@elsewhere.example\r\nSubject: \xc3\xa4\r\n";
  DkimSigner signer = make_signer();
  MemorySource stored(content);
  const proto::Envelope envelope = envelope_of(content);
  Pipeline pipeline(stored, envelope, ConversionRoom::common(), &signer);
  const Prepared prepared = run(pipeline.prepare(kModern));
  CHECK(prepared.data == &stored);
  CHECK(prepared.signature->domain().empty());
}

TEST_CASE("pipeline: a header is signed with the empty line behind it, also where that was missing") {
  for (const std::string& content :
       {kFrom, kFrom + "\r\n", kFrom + "no field\r\n", kFrom.substr(0, kFrom.size() - 2), kFrom + "\r\ntext"}) {
    CAPTURE(content);
    const std::string message = sent(content);
    check_signed(message);
    CHECK_THAT(without_signatures(message), Catch::StartsWith(kFrom + "\r\n"));
  }
  CHECK(without_signatures(sent(kFrom)) == kFrom + "\r\n");
  CHECK(without_signatures(sent(kFrom + "no field\r\n")) == kFrom + "\r\nno field\r\n");
}

TEST_CASE("pipeline: bodies that verifiers read differently are signed in simple form, absent ones never") {
  for (const std::string body : {" \r\n", "a\fb\r\n", "a\vb\r\n"}) check_signed(sent(kFrom + "\r\n" + body), "relaxed/simple");
  for (const std::string body : {"", "\r\n", "\r\n\r\n", "a \r\n"}) check_signed(sent(kFrom + "\r\n" + body));
}

TEST_CASE("pipeline: raw text in a header that is signed becomes encoded-words, raw addresses stay") {
  const std::string message =
      sent(kFrom + "Subject: \xc3\xa0\r\nTo: \"J\xc3\xb6rg\" <j@example.net>\r\nCc: j\xc3\xb6rg@example.net\r\n\r\n\xc3\xa4\r\n");
  check_signed(message);
  CHECK_THAT(message,
             Catch::Contains("Subject: =?utf-8?") && Catch::Contains("To: =?utf-8?") && Catch::Contains("Cc: j\xc3\xb6rg@example.net\r\n"));
  CHECK_THAT(message, Catch::EndsWith("\r\n\r\n\xc3\xa4\r\n"));
}

TEST_CASE("pipeline: a header that is signed has no blank before a colon, no form feed and no vertical tab") {
  const std::string message = sent("From : a@example.org\r\nX \t:y\r\nSubject: a\fb\r\n \v c\r\n\r\nd\r\n");
  check_signed(message);
  CHECK(without_signatures(message) == "From: a@example.org\r\nX:y\r\nSubject: a b\r\n   c\r\n\r\nd\r\n");
}

TEST_CASE("pipeline: a header in plain form is signed byte for byte") {
  const std::string content = kFrom + "SUBJECT:  a \t b\x7f\r\n \r\n c: d\r\n\r\nhello\r\n";
  CHECK(without_signatures(sent(content)) == content);
}

TEST_CASE("pipeline: large content is signed while it is read, in pieces of 64 KiB and with turns for the others") {
  RepeatedSource stored(kFrom + "\r\n", "a line of a large message  \r\n", 5u << 20);
  DkimSigner signer = make_signer();
  const proto::Envelope envelope;
  Pipeline pipeline(stored, envelope, ConversionRoom::common(), &signer);
  std::size_t turns = 0;
  const Prepared prepared = run(pipeline.prepare(kModern), &turns);
  CHECK(turns > 80);
  CHECK(stored.largest_read == 64 * 1024);
  const auto read_for_one = stored.octets_read;
  CHECK(run(pipeline.prepare(kModern)).data == prepared.data);
  CHECK(stored.octets_read == read_for_one);
  check_signed(text_of(prepared, 100'000));
}

TEST_CASE("pipeline: large content that is converted while it is read is signed in its new form") {
  const std::string header = kFrom + "Subject: \xc3\xa4\r\n\r\n";
  RepeatedSource stored(header, "\xc3\xa4 line\r\n" + std::string(1500, 'x') + "\r\n", 300'000);
  DkimSigner signer = make_signer();
  proto::Envelope envelope;
  envelope.body = proto::BodyType::eight_bit;
  envelope.has_long_lines = true;
  Pipeline pipeline(stored, envelope, ConversionRoom::common(), &signer);
  for (const HostNeeds& needs : {kModern, kOld, kModern}) {
    const Prepared prepared = run(pipeline.prepare(needs));
    for (const std::size_t piece : {10, 70'000}) check_signed(text_of(prepared, piece));
  }
}

TEST_CASE("pipeline: what cannot be read or has no room is not sent unsigned, but waits") {
  DkimSigner signer = make_signer();
  const proto::Envelope envelope;
  RepeatedSource unreadable(kFrom + "\r\n", "x\r\n", 200'000);
  unreadable.fail_at = 65'536;
  ConversionRoom none(0);
  MemorySource stored(kFrom + "\r\n");
  Pipeline fails(unreadable, envelope, ConversionRoom::common(), &signer);
  Pipeline has_no_room(stored, envelope, none, &signer);
  for (const Prepared& waits : {run(fails.prepare(kModern)), run(has_no_room.prepare(kModern))}) {
    REQUIRE(waits.refusal);
    CHECK(waits.refusal->outcome == proto::Outcome::deferred);
    CHECK(waits.refusal->status == proto::EnhancedStatus{4, 3, 0});
  }
}

TEST_CASE("pipeline: a header of ten thousand fields is signed, and one that verifiers may not read is known") {
  std::string header = kFrom;
  for (int i = 0; i < 10'000; ++i) header += "To: x" + std::to_string(i) + "@example.net\r\n";
  DkimSigner signer = make_signer();
  MemorySource stored(header + "\r\nhello\r\n");
  const proto::Envelope envelope;
  Pipeline pipeline(stored, envelope, ConversionRoom::common(), &signer);
  const Prepared prepared = run(pipeline.prepare(kModern));
  check_signed(text_of(prepared));
  CHECK(prepared.signature->has_long_header());
  MemorySource usual(kFrom + "\r\nhello\r\n");
  Pipeline other(usual, envelope, ConversionRoom::common(), &signer);
  CHECK_FALSE(run(other.prepare(kModern)).signature->has_long_header());
}

TEST_CASE("pipeline: a header of 1 MiB is made plain and signed in many turns") {
  std::string header = kFrom + "X: \xc3\xa4" + std::string(40'000, ' ') + "\r\n";
  while (header.size() < 1'000'000) header += "Subject : Gr\xc3\xbc\xc3\x9f\x65 aus der Stadt\r\n";
  DkimSigner signer = make_signer();
  MemorySource stored(header + "\r\nhello\r\n");
  const proto::Envelope envelope;
  Pipeline pipeline(stored, envelope, ConversionRoom::common(), &signer);
  std::size_t turns = 0;
  const std::string message = text_of(run(pipeline.prepare(kModern), &turns), 100'000);
  CHECK(turns > 60);
  check_signed(message);
  CHECK_THAT(message.substr(0, 5000), Catch::Contains("\r\nX: \xc3\xa4 "));
  CHECK(message.find("Subject : ") == std::string::npos);
}

TEST_CASE("pipeline: each attempt sends the same signatures") {
  const std::string content = kFrom + "\r\nhello\r\n";
  DkimSigner signer = make_signer();
  MemorySource stored(content);
  const proto::Envelope envelope;
  Pipeline first(stored, envelope, ConversionRoom::common(), &signer);
  Pipeline second(stored, envelope, ConversionRoom::common(), &signer);
  CHECK(text_of(run(first.prepare(kModern))) == text_of(run(second.prepare(kOld))));
}

TEST_CASE("pipeline: a scheme of another kind signs with the envelope at hand") {
  struct EnvelopeSigner final : mta::content::Signer {
    Task<Result<mta::content::Signature>> sign(mta::content::DataSource& content, const proto::Envelope& envelope) override {
      co_return mta::content::Signature{"X: " + envelope.reverse_path.in_brackets() + " " + std::to_string(content.size()) + "\r\n", "x"};
    }
  } signer;
  MemorySource stored("Subject: hi\r\n\r\n");
  const proto::Envelope envelope;
  Pipeline pipeline(stored, envelope, ConversionRoom::common(), &signer);
  CHECK(text_of(run(pipeline.prepare(kModern))) == "X: <> 15\r\nSubject: hi\r\n\r\n");
}
