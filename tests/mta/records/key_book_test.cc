// The keys that sign, by the DNS's answers about their records.
#include "mta/records/key_book.h"

#include <catch2/catch.hpp>

#include "dns/resolver.h"
#include "mta/dkim/key_record.h"
#include "tests/support/dkim_keys.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using mta::SignWhen;
using mta::records::KeyBook;
using mta::records::KeyState;
using mta::records::SeenKeys;
using mta::routing::DomainKeys;
using mta::routing::SigningKeys;
using Change = KeyBook::Change;

const WallTime kNow{std::chrono::seconds(1'800'000'000)};
const proto::Domain kDomain = proto::Domain::parse("here.example").value();

DomainKeys table(std::optional<SignWhen> sign) { return {kDomain, sign, {{"e1", ed25519_key()}, {"r1", rsa_key()}}, {}}; }

// Behind the two keys of table(), with another Ed25519 key: RSA keys take long to make.
DomainKeys table_with_next() {
  DomainKeys domain = table(SignWhen::published);
  domain.next = {{"e2", rfc8463_key()}, {"r2", rsa_key()}};
  return domain;
}

KeyBook book_of(DomainKeys domain, std::optional<SeenKeys> seen = SeenKeys()) {
  return {SigningKeys{{std::move(domain)}, kDomain}, seen, kNow};
}

dns::Answer has(const std::string& text) {
  dns::Answer answer;
  answer.kind = dns::AnswerKind::found;
  answer.texts = {text};
  return answer;
}
dns::Answer has(const mta::dkim::Key& key) { return has(mta::dkim::record_text(key.public_key())); }
dns::Answer denied() {
  dns::Answer answer;
  answer.kind = dns::AnswerKind::no_such_name;
  return answer;
}
dns::Answer dead() {
  dns::Answer answer;
  answer.text = "no answer from 192.0.2.53:53 within 5 s";
  return answer;
}

// "e1 r1", in the order in which signatures stand.
std::string signers(const KeyBook& book) {
  std::string selectors;
  const mta::dkim::KeyRing ring = book.ring();
  if (const auto* identity = ring.find("From: me@here.example\r\n"))
    for (const auto& key : identity->keys) selectors += (selectors.empty() ? "" : " ") + key.selector;
  return selectors;
}

std::string states(const KeyBook& book) {
  std::string all;
  for (const auto& key : book.status()) all += (all.empty() ? "" : ", ") + key.selector + " " + std::string(to_string(key.state));
  return all;
}

}  // namespace

TEST_CASE("key book: a new key signs once its record has been seen, and Ed25519 not before RSA") {
  KeyBook book = book_of(table({}));
  CHECK(signers(book).empty());
  CHECK(states(book) == "e1 waits, r1 waits");
  CHECK(book.enter(0, denied(), kNow) == Change::waits);
  CHECK(book.enter(0, denied(), kNow) == Change::none);
  CHECK(book.enter(0, has(ed25519_key()), kNow) == Change::signs);
  CHECK(signers(book).empty());
  CHECK(states(book) == "e1 waits, r1 waits");
  CHECK(book.enter(1, dead(), kNow) == Change::waits);
  CHECK(signers(book).empty());
  CHECK(book.enter(1, has(ed25519_key()), kNow) == Change::none);  // another key than the one that is to sign
  CHECK_THAT(book.status()[1].why, Catch::Contains("another kind of key"));
  CHECK(book.enter(1, has(rsa_key()), kNow) == Change::signs);
  CHECK(signers(book) == "r1 e1");
  CHECK(states(book) == "e1 signs, r1 signs");
}

TEST_CASE("key book: a key whose record is lost signs on, and that is told once; a dead DNS loses nothing") {
  KeyBook book = book_of(table(SignWhen::published));
  book.enter(0, has(ed25519_key()), kNow);
  book.enter(1, has(rsa_key()), kNow);
  for (int i = 0; i < 10; ++i) CHECK(book.enter(1, dead(), kNow) == Change::none);
  CHECK(states(book) == "e1 signs, r1 signs");
  CHECK(book.enter(1, denied(), kNow) == Change::none);
  CHECK(book.enter(1, has("v=DKIM1; p="), kNow) == Change::none);
  CHECK(book.enter(1, denied(), kNow) == Change::lost);
  for (int i = 0; i < 10; ++i) CHECK(book.enter(1, denied(), kNow) == Change::none);
  CHECK(states(book) == "e1 signs, r1 lost");
  CHECK(signers(book) == "r1 e1");
  CHECK(book.enter(1, has(rsa_key()), kNow) == Change::back);
  CHECK(states(book) == "e1 signs, r1 signs");
}

TEST_CASE("key book: a single denial between good answers is no loss") {
  KeyBook book = book_of(table(SignWhen::published));
  book.enter(1, has(rsa_key()), kNow);
  for (int i = 0; i < 5; ++i) {
    CHECK(book.enter(1, denied(), kNow) == Change::none);
    CHECK(book.enter(1, denied(), kNow) == Change::none);
    CHECK(book.enter(1, has(rsa_key()), kNow) == Change::none);
  }
}

TEST_CASE("key book: what was seen holds over a restart, for this key alone") {
  KeyBook before = book_of(table(SignWhen::published));
  before.enter(0, has(ed25519_key()), kNow);
  before.enter(1, has(rsa_key()), kNow);
  const SeenKeys kept = mta::records::parse_seen_keys(mta::records::text_of(before.seen()));
  CHECK(kept == before.seen());
  CHECK(signers(book_of(table(SignWhen::published), kept)) == "r1 e1");
  DomainKeys changed = table(SignWhen::published);
  changed.keys[0].key = rfc8463_key();  // under the old selector
  CHECK(signers(book_of(std::move(changed), kept)) == "r1");
}

TEST_CASE("key book: keys of an earlier version sign on, those that say when they sign do not begin by that") {
  CHECK(signers(book_of(table({}), std::nullopt)) == "r1 e1");
  CHECK(signers(book_of(table(SignWhen::published), std::nullopt)).empty());
  KeyBook book = book_of(table({}), std::nullopt);
  for (int i = 0; i < 5; ++i) book.enter(1, denied(), kNow);
  CHECK(signers(book) == "r1 e1");
  CHECK(states(book) == "e1 signs, r1 lost");
}

TEST_CASE("key book: always signs without a record, never does not sign with one") {
  KeyBook always = book_of(table(SignWhen::always));
  CHECK(signers(always) == "r1 e1");
  CHECK(always.enter(1, denied(), kNow) == Change::none);
  CHECK(always.status()[1].why == "there is no record");
  KeyBook never = book_of(table(SignWhen::never));
  never.enter(1, has(rsa_key()), kNow);
  CHECK(signers(never).empty());
  CHECK(states(never) == "e1 off, r1 off");
}

TEST_CASE("key book: the next keys take over once the records of all of them have been seen, and keep that") {
  KeyBook book = book_of(table_with_next());
  book.enter(0, has(ed25519_key()), kNow);
  book.enter(1, has(rsa_key()), kNow);
  CHECK(signers(book) == "r1 e1");
  CHECK(book.enter(3, has(rsa_key()), kNow) == Change::signs);
  CHECK(signers(book) == "r1 e1");
  CHECK(states(book) == "e1 signs, r1 signs, e2 waits, r2 waits");
  CHECK(book.enter(2, has(rfc8463_key()), kNow) == Change::signs);
  CHECK(signers(book) == "r2 e2");
  CHECK(states(book) == "e1 replaced, r1 replaced, e2 signs, r2 signs");
  for (int i = 0; i < 5; ++i) book.enter(2, denied(), kNow);
  CHECK(signers(book) == "r2 e2");
  CHECK(states(book) == "e1 replaced, r1 replaced, e2 lost, r2 signs");
}

TEST_CASE("key book: a key is asked for often at first, then less, and each hour once it signs") {
  KeyBook book = book_of(table({}));
  book.enter(1, denied(), kNow);
  CHECK(book.pause(1) == 15s);
  book.enter(1, denied(), kNow);
  CHECK(book.pause(1) == 30s);
  for (int i = 0; i < 100; ++i) book.enter(1, dead(), kNow);
  CHECK(book.pause(1) == 10min);
  book.enter(1, has(rsa_key()), kNow);
  CHECK(book.pause(1) == 1h);
}

TEST_CASE("seen keys: lines that are none are left out") {
  const SeenKeys keys =
      mta::records::parse_seen_keys("\nhere.example s1 ab 17\nnonsense\nhere.example s2 cd x9\nhere.example s3 ef 9x\nlast s4 01 5");
  CHECK(keys.size() == 2);
  CHECK(keys.at("here.example s1 ab") == WallTime(17ms));
  CHECK(keys.at("last s4 01") == WallTime(5ms));
}

}  // namespace mxpress::testing
