// The cache of DNS answers: respects TTLs, and is bounded.
#include "dns/cache.h"

#include <catch2/catch.hpp>

namespace mxpress::dns {
namespace {

using namespace std::chrono_literals;

constexpr BootTime kNow{1000s};

Question question(int number) { return {"host" + std::to_string(number) + ".example", RecordType::a}; }

Answer answer(AnswerKind kind, std::chrono::seconds ttl) {
  Answer result;
  result.kind = kind;
  result.ttl = ttl;
  return result;
}

bool is_kept(AnswerKind kind, std::chrono::seconds ttl, std::chrono::seconds later) {
  Cache cache;
  cache.store(question(1), answer(kind, ttl), kNow);
  return cache.find(question(1), kNow + later).has_value();
}

TEST_CASE("cache: an answer is found until its time to live is over, with what is left of it") {
  Cache cache;
  cache.store(question(1), answer(AnswerKind::found, 300s), kNow);
  CHECK(cache.find(question(1), kNow + 299s)->ttl == 1s);
  CHECK_FALSE(cache.find(question(1), kNow + 300s));
  CHECK(cache.entries() == 0);
  CHECK(cache.bytes() == 0);
}

TEST_CASE("cache: name and type make the question") {
  Cache cache;
  cache.store(question(1), answer(AnswerKind::found, 300s), kNow);
  CHECK_FALSE(cache.find({question(1).name, RecordType::aaaa}, kNow));
  CHECK_FALSE(cache.find(question(2), kNow));
}

TEST_CASE("cache: a time to live of zero is not kept, and takes the older answer away") {
  CHECK_FALSE(is_kept(AnswerKind::found, 0s, 0s));
  CHECK_FALSE(is_kept(AnswerKind::no_data, 0s, 0s));
  Cache cache;
  cache.store(question(1), answer(AnswerKind::found, 300s), kNow);
  cache.store(question(1), answer(AnswerKind::found, 0s), kNow);
  CHECK_FALSE(cache.find(question(1), kNow));
}

TEST_CASE("cache: nothing is kept over a day, negative answers not over three hours, failures a few seconds") {
  CHECK(is_kept(AnswerKind::found, 240h, 23h));
  CHECK_FALSE(is_kept(AnswerKind::found, 240h, 24h));
  CHECK(is_kept(AnswerKind::no_such_name, 240h, 2h));
  CHECK_FALSE(is_kept(AnswerKind::no_such_name, 240h, 3h));
  CHECK_FALSE(is_kept(AnswerKind::no_data, 240h, 3h));
  CHECK(is_kept(AnswerKind::failed, 0s, 4s));
  CHECK_FALSE(is_kept(AnswerKind::failed, 240h, 5s));
}

TEST_CASE("cache: the number of entries is bounded, the least recently used goes first") {
  Cache cache({.entries = 3, .bytes = 1 << 20});
  for (int i = 1; i <= 3; ++i) cache.store(question(i), answer(AnswerKind::found, 300s), kNow);
  CHECK(cache.find(question(1), kNow));
  cache.store(question(4), answer(AnswerKind::found, 300s), kNow);
  CHECK(cache.entries() == 3);
  CHECK(cache.find(question(1), kNow));
  CHECK_FALSE(cache.find(question(2), kNow));
}

TEST_CASE("cache: the bytes are bounded, however big the answers") {
  Cache cache({.entries = 1000, .bytes = 100'000});
  Answer big = answer(AnswerKind::found, 300s);
  big.texts.assign(10, std::string(1000, 'x'));
  for (int i = 0; i < 100; ++i) cache.store(question(i), big, kNow);
  CHECK(cache.bytes() <= 100'000);
  CHECK(cache.entries() > 3);
  big.texts.assign(200, std::string(1000, 'x'));
  cache.store(question(500), big, kNow);
  CHECK_FALSE(cache.find(question(500), kNow));
}

}  // namespace
}  // namespace mxpress::dns
