// The hash of tables whose keys come from others: SipHash-1-3; without the key nobody can choose texts with equal hashes.
#include "proto/text_hash.h"

#include <boost/unordered/unordered_flat_set.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "mta/routing/destination_name.h"
#include "queue/name_table.h"
#include "queue/small_text.h"
#include "queue/waiting_mail.h"

using namespace mxpress;
using proto::HashKey;

namespace {

// Under the hash of libstdc++, which has a constant key, all of these have one hash.
std::vector<std::string> colliding_names() {
  std::vector<std::string> names;
  for (const char* const middle : {"4851msi40ra3dyph", "t3irqb1x1g8e3l2u", "fdxc2a0hud5820nk"})
    for (const char* const end : {"2jh7tbv9ghcdyx4b", "tyb724w3d3jmtzln", "ge8v3s82h038oobs"})
      names.push_back(std::string("1ikfso653xa6rcgb") + middle + end + ".servfail.example");
  return names;
}

template <class Hash>
std::size_t count_of_hashes(const Hash& hash) {
  const auto names = colliding_names();
  std::set<decltype(hash(std::string_view()))> hashes;
  for (const auto& name : names) hashes.insert(hash(std::string_view(name)));
  return hashes.size();
}

// Sets a key, and sets zero again.
struct KeySet {
  explicit KeySet(HashKey key) { proto::set_hash_key(key); }
  ~KeySet() { proto::set_hash_key({}); }
};

// The order of the names in a table that was filled under this key.
std::vector<std::string> order_under(HashKey key) {
  const KeySet set(key);
  boost::unordered_flat_set<std::string, proto::TextHash> table;
  for (int i = 0; i < 100; ++i) table.insert("name" + std::to_string(i) + ".example");
  return {table.begin(), table.end()};
}

}  // namespace

TEST_CASE("text hash: it is SipHash-1-3") {  // as the hash() of Python, with PYTHONHASHSEED 0 and 1
  CHECK(proto::sip_hash({}, "") == 0xD1FBA762150C532Cu);
  CHECK(proto::sip_hash({}, "a") == 0x407448D2B89B1813u);
  CHECK(proto::sip_hash({}, "example") == 0xCF5A8CD89871F5E5u);
  CHECK(proto::sip_hash({}, "12345678") == 0x3489982430560A87u);
  CHECK(proto::sip_hash({}, "mail.example") == 0xCB540D6536B8C1F1u);
  const HashKey key{0xAED66CE184BE2329u, 0xEBE9BBF1F1499052u};
  CHECK(proto::sip_hash(key, "a") == 0xD6300BC9F7CC0E73u);
  CHECK(proto::sip_hash(key, "12345678") == 0x06F07C60EFE2BAD9u);
  CHECK(proto::sip_hash(key, "mail.example") == 0x76047815DDCF7CC3u);
  CHECK(proto::sip_hash(key, "aaaaaaaaaaaaaaab") == 0x79FC200F9D9EF89Cu);
}

TEST_CASE("text hash: texts that differ in one octet, or in zeros at the end, have different hashes") {
  std::set<std::uint64_t> hashes;
  const std::string text(40, 'x');
  for (std::size_t size = 0; size <= text.size(); ++size) {
    hashes.insert(proto::sip_hash({}, std::string_view(text).substr(0, size)));
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = text.substr(0, size);
      other[i] = '\0';
      hashes.insert(proto::sip_hash({}, other));
    }
  }
  CHECK(hashes.size() == 41 + 40 * 41 / 2);
}

#ifdef __GLIBCXX__
TEST_CASE("text hash: names that were chosen to have one std::hash have different hashes in all tables of names") {
  REQUIRE(count_of_hashes(std::hash<std::string_view>()) == 1);
  const KeySet set({17, 4});
  CHECK(count_of_hashes(proto::TextHash()) == 9);
  CHECK(count_of_hashes(queue::SmallTextHash()) == 9);
  CHECK(count_of_hashes([](std::string_view name) { return queue::hash_of_name(name)[0]; }) == 9);
  CHECK(count_of_hashes([](std::string_view name) { return queue::hash_of_name(name)[1]; }) == 9);
  CHECK(count_of_hashes(
            [](std::string_view name) { return mta::routing::DestinationHash()(mta::routing::DestinationRef::of_text(name)); }) == 9);
}

TEST_CASE("text hash: such names go to all of the workers") {
  const KeySet set({17, 4});
  CHECK(count_of_hashes(
            [](std::string_view name) { return mta::routing::DestinationHash()(mta::routing::DestinationRef::of_text(name)) % 2; }) == 2);
}
#endif

TEST_CASE("text hash: another key gives other hashes, and tables another order") {
  CHECK(proto::sip_hash({1, 2}, "mail.example") != proto::sip_hash({1, 3}, "mail.example"));
  CHECK(proto::sip_hash({1, 2}, "mail.example") != proto::sip_hash({3, 2}, "mail.example"));
  CHECK(order_under({1, 2}) == order_under({1, 2}));
  CHECK(order_under({1, 2}) != order_under({1, 3}));
}
