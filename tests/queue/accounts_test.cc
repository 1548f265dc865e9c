// The charge of destinations to their owners, once for all messages that wait for them.
#include "queue/accounts.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "queue/index.h"

using namespace mxpress;
using namespace mxpress::queue;

namespace {

proto::Envelope to(const std::vector<std::string>& recipients, std::int64_t uid) {
  proto::Envelope envelope;
  for (const auto& recipient : recipients) envelope.recipients.push_back({*proto::Mailbox::parse(recipient), {}, ""});
  envelope.submitter.uid = uid;
  return envelope;
}

Weight to_domain(const std::string& domain) { return weight_of(to({"u@" + domain}, 33)); }

}  // namespace

TEST_CASE("accounts: a destination is charged when the first message of its owner waits, and given back with the last, whichever that is") {
  Accounts accounts;
  const Weight weight = to_domain("a.example");
  const auto first = accounts.add(1, weight), second = accounts.add(1, weight);
  CHECK(first == second);
  CHECK(accounts.charge_for(1, weight) == weight.destination);
  CHECK(accounts.begin_waiting(first) == weight.destination);
  CHECK(accounts.charge_for(1, weight) == 0);
  CHECK(accounts.begin_waiting(second) == 0);
  CHECK(accounts.end_waiting(first) == 0);
  CHECK(accounts.end_waiting(second) == weight.destination);
}

TEST_CASE("accounts: owners and names have accounts of their own, which keep them") {
  Accounts accounts;
  const auto a = accounts.add(1, to_domain("a.example")), b = accounts.add(1, to_domain("b.example"));
  const auto c = accounts.add(2, to_domain("a.example"));
  CHECK(a != b);
  CHECK(a != c);
  CHECK(accounts.owner(a) == 1);
  CHECK(accounts.owner(c) == 2);
  CHECK(accounts.weight(b).name == to_domain("b.example").name);
  CHECK(accounts.begin_waiting(a) > 0);
  CHECK(accounts.begin_waiting(c) > 0);
}

TEST_CASE("accounts: the number of an account without messages serves the next one, also after a move") {
  Accounts before;
  const auto a = before.add(1, to_domain("a.example")), b = before.add(1, to_domain("b.example"));
  before.remove(a);
  Accounts accounts = std::move(before);
  CHECK(accounts.add(1, to_domain("b.example")) == b);
  CHECK(accounts.add(7, to_domain("c.example")) == a);
  CHECK(accounts.owner(a) == 7);
  CHECK(accounts.add(1, to_domain("a.example")) != a);
}

TEST_CASE("accounts: beyond their number messages keep their owner, and each is charged for the longest name") {
  Accounts accounts(2);
  accounts.add(1, to_domain("a.example"));
  accounts.add(1, to_domain("b.example"));
  for (const Owners::Number owner : {Owners::Number{0}, Owners::Number{1}, Owners::Number{65'535}}) {
    const auto account = accounts.add(owner, to_domain("c.example"));
    CHECK(account < 1u << Accounts::kBits);
    CHECK(accounts.owner(account) == owner);
    for (int i = 0; i < 2; ++i) CHECK(accounts.begin_waiting(account) == kMostForDestination);
    for (int i = 0; i < 2; ++i) CHECK(accounts.end_waiting(account) == kMostForDestination);
    accounts.remove(account);
  }
  CHECK(accounts.owner(accounts.add(1, to_domain("a.example"))) == 1);
}

TEST_CASE("index: a thousand messages of a user to one domain are charged for it once, and to a thousand domains for each") {
  Index same, different;
  for (std::uint64_t id = 1; id <= 1000; ++id) {
    same.add({id}, to({"u@d.example"}, 33));
    different.add({id}, to({"u@d" + std::to_string(1000 + id) + ".example"}, 33));
  }
  CHECK(same.waiting_mail.octets() == 1000 * kSmallMessage + octets_of_destination(9));
  CHECK(different.waiting_mail.octets() == 1000 * (kSmallMessage + octets_of_destination(13)));
  for (std::uint64_t id = 1; id <= 1000; ++id)
    for (Index* index : {&same, &different}) index->end({id}, *index->find({id}), {});
  CHECK(same.waiting_mail.octets() == 0);
  CHECK(different.waiting_mail.octets() == 0);
}

TEST_CASE("index: of two messages to one domain that one of the user's removes, the other is charged for the domain") {
  Index index;
  for (std::uint64_t id : {1, 2}) index.add({id}, to({"u@d.example"}, 33));
  index.end({1}, *index.find({1}), {});
  CHECK(index.waiting_mail.octets_of(proto::ShareOwner::user(33)) == kSmallMessage + octets_of_destination(9));
  index.erase({1});
  CHECK(index.waiting_mail.octets_of(proto::ShareOwner::user(33)) == kSmallMessage + octets_of_destination(9));
  index.erase({2});
  CHECK(index.waiting_mail.octets() == 0);
}

TEST_CASE("index: where there is little room, a message to a domain that mail of its owner waits for may come, and no other") {
  Index index;
  const auto envelope = to({"u@d.example"}, 33);
  const Weight weight = weight_of(envelope), other = to_domain("e.example");
  const auto add = [&](std::uint64_t id, const MessageOwner& owner) {
    index.add({id}, owner, 1, weight);
    index.waiting_mail.set_limit(index.waiting_mail.octets() + index.waiting_mail.octets_of(owner.share()) + 3 * weight.message);
  };
  for (const auto& owner : {MessageOwner(), MessageOwner::user(33)}) {
    add(owner.is_user() ? 1 : 2, owner);
    CHECK(index.has_room_for(owner, weight));
    CHECK_FALSE(index.has_room_for(owner, other));
  }
  index.waiting_mail.set_limit(index.waiting_mail.octets() + 3 * weight.message);
  CHECK_FALSE(index.has_room_for(MessageOwner::user(34), weight));
}

TEST_CASE("index: the mail of earlier runs and of this one to the same domain is charged for it once") {
  constexpr std::uint64_t kThisRun = std::uint64_t{1} << 40;
  Index now, earlier;
  earlier.add({1}, to({"u@d.example"}, 33));
  earlier.add({2}, to({"u@e.example"}, 34));
  now.add({kThisRun}, to({"u@e.example"}, 34));
  now.add({kThisRun + 1}, to({"u@d.example"}, 33));
  now.merge(earlier);
  CHECK(now.waiting_mail.octets_of(proto::ShareOwner::user(33)) == 2 * kSmallMessage + octets_of_destination(9));
  for (const std::uint64_t id : {std::uint64_t{1}, std::uint64_t{2}, kThisRun, kThisRun + 1}) now.erase({id});
  CHECK(now.waiting_mail.octets() == 0);
}
