// The pipeline with a signer: the signed octets are those that a host gets.
#include <catch2/catch.hpp>
#include <future>
#include <map>
#include <string>

#include "mta/content/conversion.h"
#include "mta/content/data_source.h"
#include "mta/content/dkim_signer.h"
#include "mta/content/header_text.h"
#include "mta/content/pipeline.h"
#include "mta/content/signed_content.h"
#include "mta/content/signer.h"
#include "mta/fairness/file_turns.h"
#include "mta/fairness/one_at_a_time.h"
#include "proto/mail_data.h"
#include "tests/support/content_source.h"
#include "tests/support/dkim_keys.h"
#include "tests/support/dkim_verifier.h"
#include "tests/support/prepared.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::content::ConversionRoom;
using mta::content::DkimSigner;
using mta::content::HostNeeds;
using mta::content::Pipeline;
using mta::content::Prepared;
using mta::content::SigningTurns;

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
  return text_of(run(prepare_all(pipeline, needs)));
}

// Plain ones.
std::string fields(std::size_t octets) {
  std::string all;
  while (all.size() < octets) all += "X: " + std::string(900, 'y') + "\r\n";
  return all;
}

std::string without_signatures(const std::string& message) { return message.substr(message.find("\r\nFrom:") + 2); }

// Signed by both keys, and valid.
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
  const Prepared modern = run(prepare_all(pipeline, kModern));
  const Prepared old = run(prepare_all(pipeline, kOld));
  CHECK(run(prepare_all(pipeline, kModern)).data == modern.data);
  CHECK(run(prepare_all(pipeline, kOld)).data == old.data);
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
  const Prepared prepared = run(prepare_all(pipeline, kModern));
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
  const Prepared prepared = run(prepare_all(pipeline, kModern), &turns);
  CHECK(turns > 80);
  CHECK(stored.largest_read == 64 * 1024);
  const auto read_for_one = stored.octets_read;
  CHECK(run(prepare_all(pipeline, kModern)).data == prepared.data);
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
    const Prepared prepared = run(prepare_all(pipeline, needs));
    for (const std::size_t piece : {10, 70'000}) check_signed(text_of(prepared, piece));
  }
}

TEST_CASE("pipeline: what cannot be read or has no room is not sent unsigned, but waits") {
  DkimSigner signer = make_signer();
  const proto::Envelope envelope;
  RepeatedSource unreadable(kFrom + "\r\n", "x\r\n", 200'000);
  unreadable.fail_at = 65'536;
  ConversionRoom none(0);
  MemorySource stored(kFrom + "Subject : \xc3\xa4\r\n" + fields(20'000) + "\r\n");
  Pipeline fails(unreadable, envelope, ConversionRoom::common(), &signer);
  Pipeline has_no_room(stored, envelope, none, &signer);
  for (const Prepared& waits : {run(prepare_all(fails, kModern)), run(prepare_all(has_no_room, kModern))}) {
    REQUIRE(waits.refusal);
    CHECK(waits.refusal->outcome == proto::Outcome::deferred);
    CHECK(waits.refusal->status == proto::EnhancedStatus{4, 3, 0});
  }
}

TEST_CASE("pipeline: signing holds nothing of the room for conversions but a long header that had to be changed") {
  DkimSigner signer = make_signer();
  const proto::Envelope envelope;
  ConversionRoom none(0);
  for (const std::string& header : {kFrom + fields(1'000'000), kFrom + "Subject : \xc3\xa4\r\n" + fields(10'000)}) {
    RepeatedSource stored(header + "\r\n", "a line\r\n", 1u << 20);
    Pipeline pipeline(stored, envelope, none, &signer);
    const Prepared prepared = run(prepare_all(pipeline, kModern));
    check_signed(text_of(prepared, 100'000));
  }
  ConversionRoom room;
  MemorySource stored(kFrom + "Subject : \xc3\xa4\r\n" + fields(100'000) + "\r\n");
  {
    Pipeline pipeline(stored, envelope, room, &signer);
    (void)run(prepare_all(pipeline, kModern));
    CHECK(room.held() >= 100'000);
    CHECK(room.held() < 300'000);
    CHECK(room.held_for("mx.example") == room.held());
    pipeline.leave_host();
    CHECK(room.held_for("mx.example") == 0);
  }
  CHECK(room.held() == 0);
}

TEST_CASE(
    "pipeline: a header that has to be read or changed for its signature waits for its turn, and is given up before the body is read") {
  DkimSigner signer = make_signer();
  const proto::Envelope envelope;
  asio::io_context io(1);
  mta::fairness::OneAtATime headers;
  const auto spawn = [&io](Task<Prepared> task, std::optional<Prepared>& result) {
    asio::co_spawn(io, keep(std::move(task), result), asio::detached);
  };
  std::optional<mta::fairness::OneAtATime::Turn> turn;
  asio::co_spawn(io, keep(headers.take(mta::fairness::Owner::user(7)), turn), asio::detached);
  io.poll();
  REQUIRE(turn);
  RepeatedSource read(kFrom + fields(1'000'000) + "\r\n", "a line\r\n", 1u << 20);
  MemorySource changed(kFrom + "Subject : x\r\n\r\n"), plain(kFrom + "\r\n");
  const SigningTurns turns{&headers, nullptr};
  Pipeline of_read(read, envelope, ConversionRoom::common(), &signer, turns), of_changed(changed, envelope, &signer, turns);
  Pipeline of_plain(plain, envelope, &signer, turns);
  std::optional<Prepared> first, second, third;
  spawn(prepare_all(of_changed, kModern), second);
  spawn(prepare_all(of_read, kModern), first);  // the newest is next
  spawn(prepare_all(of_plain, kModern), third);
  io.restart();
  io.poll();
  CHECK(third);
  CHECK_FALSE(second);
  CHECK(read.octets_read == 0);
  CHECK(headers.waiting() == 2);
  turn.reset();
  io.restart();
  while (!second) io.run_one();
  CHECK(read.octets_read >= proto::kMaxHeader);
  CHECK(read.octets_read <= mta::content::HeaderText::kMost + 8 * 64 * 1024);
  CHECK_FALSE(first);
  io.run();
  check_signed(text_of(*first, 100'000));
}

TEST_CASE("pipeline: a header is read in one block, and then in one call") {
  RepeatedSource stored(kFrom + fields(1'000'000) + "\r\n", "a line\r\n", 3u << 20);
  const auto header = run(mta::content::HeaderText::read(stored));
  REQUIRE(header);
  CHECK(header->fields().size() > 1'000'000);
  CHECK(stored.octets_read == mta::content::HeaderText::kMost + 64 * 1024);
  RepeatedSource endless(kFrom, "X: y\r\n", 5u << 20);
  CHECK(run(mta::content::HeaderText::read(endless)).error().is_transient());
  CHECK(endless.octets_read <= mta::content::HeaderText::kMost + 64 * 1024);
}

TEST_CASE("pipeline: signatures are computed in turns of owners by other threads, and what was signed before is not computed") {
  asio::thread_pool pool(1);
  mta::fairness::FileTurns threads(pool, 1);
  std::promise<void> go_on;
  threads.post({mta::fairness::Owner::user(1), 0}, [wait = go_on.get_future().share()] { wait.wait(); });
  DkimSigner signer = make_signer();
  MemorySource stored(kFrom + "\r\nhello\r\n");
  const proto::Envelope envelope;
  asio::io_context io(1);
  std::optional<Prepared> prepared, again;
  Pipeline pipeline(stored, envelope, ConversionRoom::common(), &signer, {nullptr, &threads});
  asio::co_spawn(io, keep(prepare_all(pipeline, kModern), prepared), asio::detached);
  io.poll();
  CHECK_FALSE(prepared);
  go_on.set_value();
  io.run();
  check_signed(text_of(*prepared));
  threads.close();
  pool.join();
  Pipeline known(stored, envelope, ConversionRoom::common(), &signer, {nullptr, &threads});
  asio::co_spawn(io, keep(prepare_all(known, kModern), again), asio::detached);
  io.restart();
  io.run();
  REQUIRE(again);
  check_signed(text_of(*again));
}

TEST_CASE("pipeline: a header of ten thousand fields is signed, and one that verifiers may not read is known") {
  std::string header = kFrom;
  for (int i = 0; i < 10'000; ++i) header += "To: x" + std::to_string(i) + "@example.net\r\n";
  DkimSigner signer = make_signer();
  MemorySource stored(header + "\r\nhello\r\n");
  const proto::Envelope envelope;
  Pipeline pipeline(stored, envelope, ConversionRoom::common(), &signer);
  const Prepared prepared = run(prepare_all(pipeline, kModern));
  check_signed(text_of(prepared));
  CHECK(prepared.signature->has_long_header());
  MemorySource usual(kFrom + "\r\nhello\r\n");
  Pipeline other(usual, envelope, ConversionRoom::common(), &signer);
  CHECK_FALSE(run(prepare_all(other, kModern)).signature->has_long_header());
}

TEST_CASE("pipeline: a header of 1 MiB is made plain and signed in many turns") {
  std::string header = kFrom + "X: \xc3\xa4" + std::string(40'000, ' ') + "\r\n";
  while (header.size() < 1'000'000) header += "Subject : Gr\xc3\xbc\xc3\x9f\x65 aus der Stadt\r\n";
  DkimSigner signer = make_signer();
  MemorySource stored(header + "\r\nhello\r\n");
  const proto::Envelope envelope;
  Pipeline pipeline(stored, envelope, ConversionRoom::common(), &signer);
  std::size_t turns = 0;
  const std::string message = text_of(run(prepare_all(pipeline, kModern), &turns), 100'000);
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
  CHECK(text_of(run(prepare_all(first, kModern))) == text_of(run(prepare_all(second, kOld))));
}

TEST_CASE("pipeline: a scheme of another kind signs with the envelope at hand") {
  struct EnvelopeSigning final : mta::content::Signing {
    explicit EnvelopeSigning(const proto::Envelope& of) : envelope(of) {}
    Task<Result<mta::content::Signature>> sign(mta::content::DataSource& content, std::uint64_t, mta::fairness::FileTurns*) override {
      co_return mta::content::Signature{"X: " + envelope.reverse_path.in_brackets() + " " + std::to_string(content.size()) + "\r\n", "x"};
    }
    const proto::Envelope& envelope;
  };
  struct EnvelopeSigner final : mta::content::Signer {
    Task<std::unique_ptr<mta::content::Signing>> begin(std::string_view, const proto::Envelope& envelope) override {
      co_return std::make_unique<EnvelopeSigning>(envelope);
    }
    std::size_t most_octets() const override { return 100; }
  } signer;
  MemorySource stored("Subject: hi\r\n\r\n");
  const proto::Envelope envelope;
  Pipeline pipeline(stored, envelope, ConversionRoom::common(), &signer);
  CHECK(text_of(run(prepare_all(pipeline, kModern))) == "X: <> 15\r\nSubject: hi\r\n\r\n");
}
