// The order in which an attempt tries its targets.
#include "mta/transport/target_order.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "mta/system/instant.h"
#include "mta/transport/family_memory.h"

using namespace mxpress;
using namespace mxpress::mta::transport;
using mxpress::mta::system::instant_now;

namespace {

dns::Target target(const std::string& host, const std::string& address, std::uint16_t preference = 10) {
  return {host, *dns::Address::parse(address), 25, false, preference};
}

std::string list(const std::vector<dns::Target>& targets) {
  std::string text;
  for (const dns::Target& each : targets) text += (text.empty() ? "" : " ") + each.address.to_string();
  return text;
}

struct Order {
  explicit Order(std::vector<dns::Target> known) : targets(std::move(known)) {
    message.envelope.recipients.resize(2, {*proto::Mailbox::parse("you@there.example"), {}, {}});
    message.recipients.resize(2);
  }
  std::string next() {
    std::vector<dns::Target> ordered = targets;
    equals = order_targets(ordered, {message, recipients}, {failures, families}, random);
    return list(ordered);
  }
  // The frequency of each order in `count` attempts.
  std::map<std::string, int> orders(int count) {
    std::map<std::string, int> result;
    for (int i = 0; i < count; ++i) ++result[next()];
    return result;
  }
  // Sets the first recipient's result of the last attempt.
  void last(const dns::Target& at, int code, bool maybe_delivered = false) {
    message.recipients[1].last = {proto::Stage::rcpt, at.host, at.address_text(), "", {4, 0, 0}, code, "", maybe_delivered};
  }

  std::vector<dns::Target> targets;
  queue::Message message;
  std::vector<std::uint32_t> recipients = {0, 1};
  std::size_t equals = 0;  // of the last order
  TargetFailures failures;
  FamilyMemory families;
  std::mt19937_64 random{1};
};

const dns::Target kA = target("a.example", "192.0.2.1"), kB = target("b.example", "192.0.2.2"), kC = target("c.example", "192.0.2.3"),
                  kBackup = target("backup.example", "192.0.2.9", 20);

}  // namespace

TEST_CASE("target order: equal preferences come in each order about as often, and never behind a worse one") {
  Order order({kA, kB, kC, kBackup});
  const auto orders = order.orders(600);
  CHECK(orders.size() == 6);
  for (const auto& [text, count] : orders) {
    CAPTURE(text);
    CHECK(count > 60);
    CHECK(text.ends_with("192.0.2.9"));
  }
}

TEST_CASE("target order: addresses of one host stay together, take turns within their family, and IPv4 stays first") {
  Order order({target("a.example", "192.0.2.1"), target("a.example", "2001:db8::1"), target("a.example", "192.0.2.2"),
               target("a.example", "2001:db8::2"), target("b.example", "192.0.2.3")});
  std::set<std::string> first;
  for (const auto& [text, count] : order.orders(200)) {
    CAPTURE(text);
    const bool is_b_last = text.ends_with(" 192.0.2.3");
    CHECK((is_b_last || text.starts_with("192.0.2.3 ")));
    const std::string of_a = is_b_last ? text : text.substr(10);
    first.insert(of_a.substr(0, of_a.find(' ')));
    CHECK(of_a.substr(0, 8) == "192.0.2.");
    CHECK(of_a.substr(10, 9) == "2001:db8:");
  }
  CHECK(first == std::set<std::string>{"192.0.2.1", "192.0.2.2"});
}

TEST_CASE("target order: hosts of different preferences keep their order") {
  Order order({target("a.example", "192.0.2.1", 1), target("b.example", "192.0.2.2", 2), target("c.example", "192.0.2.3", 3)});
  CHECK(order.orders(50).size() == 1);
}

TEST_CASE("target order: an address that failed comes last for five minutes, unless it has answered since") {
  Order order({kA, kB, kBackup});
  const auto is_last = [&](const std::string& address) {
    const auto orders = order.orders(30);
    return std::all_of(orders.begin(), orders.end(), [&](const auto& entry) { return entry.first.ends_with(address); });
  };
  order.failures.failed(kA, instant_now());
  CHECK(is_last("192.0.2.1"));
  order.failures.failed(kB, instant_now());
  for (const auto& [text, count] : order.orders(30)) CHECK(text.starts_with("192.0.2.9"));
  order.failures.failed(kBackup, instant_now());  // all have
  CHECK(is_last("192.0.2.9"));
  order.failures.answered(kB);
  for (const auto& [text, count] : order.orders(30)) CHECK(text.starts_with("192.0.2.2"));
  order.failures.answered(kBackup);
  order.failures.failed(kA, instant_now() - TargetFailures::kRemember);
  CHECK_FALSE(is_last("192.0.2.1"));
}

TEST_CASE("target order: what happened under another name at the same address, or at another port, changes nothing") {
  TargetFailures failures;
  dns::Target other_name = kA, other_port = kA;
  other_name.host = "mx.attacker.example";
  other_port.port = 26;
  failures.failed(other_name, instant_now());
  failures.failed(other_port, instant_now());
  CHECK_FALSE(failures.has_failed(kA, instant_now()));
}

TEST_CASE("target order: ten thousand failures are remembered, and the oldest makes room") {
  TargetFailures failures;
  const auto nth = [](std::size_t i) { return target("mx" + std::to_string(i) + ".example", "192.0.2.1"); };
  for (std::size_t i = 0; i <= TargetFailures::kLimit; ++i) failures.failed(nth(i), instant_now());
  CHECK(failures.size() == TargetFailures::kLimit);
  CHECK_FALSE(failures.has_failed(nth(0), instant_now()));
  CHECK(failures.has_failed(nth(1), instant_now()));
  for (int i = 0; i < 5; ++i) failures.failed(nth(1), instant_now());
  CHECK(failures.size() == TargetFailures::kLimit);
}

TEST_CASE("target order: the host that deferred the message comes first again, if it can be asked") {
  Order order({kA, kB, kC, kBackup});
  order.last(kBackup, 450);
  for (const auto& [text, count] : order.orders(30)) CHECK(text.starts_with("192.0.2.9 "));
  order.last(kC, 451);
  for (const auto& [text, count] : order.orders(30)) CHECK(text.starts_with("192.0.2.3 "));
  order.failures.failed(kC, instant_now());
  for (const auto& [text, count] : order.orders(30)) CHECK(text.ends_with(" 192.0.2.3"));
}

TEST_CASE("target order: after an end that may have been a delivery another host is first, of whatever preference") {
  Order order({kA, target("a.example", "192.0.2.11"), kBackup});
  order.last(kA, 0, true);
  CHECK(order.next() == "192.0.2.9 192.0.2.11 192.0.2.1");
  order.last(kA, 354, true);  // garbage after the dot
  CHECK(order.next() == "192.0.2.9 192.0.2.11 192.0.2.1");
  order.last(kBackup, 0, true);
  CHECK(order.next().ends_with(" 192.0.2.9"));
  Order one_host({kA, target("a.example", "192.0.2.11")});
  one_host.last(kA, 0, true);
  CHECK(one_host.next() == "192.0.2.11 192.0.2.1");
  Order alone({kA});
  alone.last(kA, 0, true);
  CHECK(alone.next() == "192.0.2.1");
  Order renamed({kA, kB});  // the same address under another name
  dns::Target same = kA;
  same.host = "other.example";
  renamed.last(same, 0, true);
  CHECK(renamed.next() == "192.0.2.2 192.0.2.1");
}

TEST_CASE("target order: those in front that an open session may bring first are of one preference, and nothing speaks against them") {
  const auto equals = [](Order& order) { return order.next(), order.equals; };
  Order order({kA, kB, kC, kBackup});
  CHECK(equals(order) == 3);
  order.failures.failed(kB, instant_now());
  CHECK(equals(order) == 2);
  order.last(kC, 0, true);
  CHECK(equals(order) == 1);  // kA
  order.last(kC, 451);
  CHECK(equals(order) == 1);  // kC
  order.failures.failed(kA, instant_now());
  order.failures.failed(kC, instant_now());
  CHECK(equals(order) == 1);  // kBackup
  order.failures.failed(kBackup, instant_now());
  CHECK(equals(order) == 1);  // any of them
  Order alone({kA});
  CHECK(equals(alone) == 1);
}

TEST_CASE("target order: addresses of a family over which a host refused mail come last, for all hosts of the domain") {
  Order order({kA, target("a.example", "2001:db8::1"), target("backup.example", "2001:db8::9", 20)});
  order.families.remember("a.example", true, instant_now());
  CHECK(order.next() == "2001:db8::1 2001:db8::9 192.0.2.1");
  CHECK(order.equals == 1);
  order.families.remember("a.example", false, instant_now());
  CHECK(order.next() == "192.0.2.1 2001:db8::1 2001:db8::9");
  CHECK(order.equals == 1);
}

TEST_CASE("target order: an address that failed lately comes behind those of the family that was refused") {
  Order order({kA, target("a.example", "2001:db8::1")});
  order.families.remember("a.example", false, instant_now());
  order.failures.failed(kA, instant_now());
  CHECK(order.next() == "2001:db8::1 192.0.2.1");
}
