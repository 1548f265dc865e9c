// Recipients of this host: aliases and unknown names at each entrance.
#include "mta/intake/local_recipients.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "mta/intake/drop_folder.h"
#include "mta/routing/alias_watch.h"
#include "mta/routing/aliases.h"
#include "mta/system/user_lookup.h"
#include "proto/alias_target.h"
#include "tests/support/server_house.h"

using mxpress::mta::Config;
using mxpress::mta::system::UserAnswer;
using mxpress::mta::system::UserLookup;
using mxpress::proto::Domain;
using mxpress::proto::Mailbox;
using mxpress::testing::IntakeHouse;
using mxpress::testing::read_until;
using mxpress::testing::write_everything;

namespace {

// Of an alias, separated by commas.
std::vector<std::string> targets(const std::string& list) {
  std::vector<std::string> all;
  for (const auto& target : mxpress::proto::parse_alias_targets(list)) all.push_back(to_string(target));
  return all;
}

// One message over SMTP from loopback; the reply to the dot.
std::string send_by_smtp(IntakeHouse& house, const std::string& content, const std::string& envelope) {
  const int client = house.connect_tcp();
  write_everything(client, "EHLO c.example\r\n" + envelope + content + ".\r\nQUIT\r\n");
  const std::string output = read_until(client, "221 ");
  ::close(client);
  const auto at = output.find("\r\n354 ");
  return at == std::string::npos ? output : output.substr(output.find("\r\n", at + 2) + 2);
}

// Submits a message to these recipients through the drop folder.
void take_drop(IntakeHouse& house, const std::string& recipients, UserLookup* users = nullptr) {
  house.close();
  mxpress::mta::intake::Context context{
      *house.config,
      house.spool,
      house.events.hub(),
      [&house](mxpress::queue::QueueId id, const mxpress::proto::Envelope& envelope) { house.deliverer.admit(id, envelope); },
      nullptr,
      users};
  std::ofstream((house.base.drop_directory() / "0123456789abcdef0123456789abcdef").string()) << "MAIL FROM:<a@b.example>\r\n"
                                                                                             << recipients << "DATA\r\nx\r\n.\r\n";
  mxpress::mta::intake::DropFolder(context).scan();
}

bool is_drop_empty(const IntakeHouse& house) { return boost::filesystem::is_empty(house.base.drop_directory()); }

}  // namespace

TEST_CASE("local recipients: what an alias leads to takes room before the verdict, and none when it is refused") {
  auto config = std::make_shared<Config>();
  config->hostname = "mx.example";
  config->local_domains = {Domain::parse("mx.example").value()};
  std::string members = "member0@else.example";
  for (int number = 1; number < 200; ++number) members += ",member" + std::to_string(number) + "@else.example";
  config->local.aliases.emplace("everybody", targets(members));
  config->local.aliases.emplace("nobody", targets("/var/null"));
  const auto recipient = [](const char* text) { return mxpress::proto::Recipient{Mailbox::parse(text).value(), {}, {}}; };
  mxpress::mta::fairness::FairBudget budget(300'000);
  const auto owner = mxpress::mta::fairness::Owner::user(7);
  mxpress::mta::intake::TransactionRoom first_room(budget, owner), second_room(budget, owner);
  using mxpress::mta::intake::NearMisses;
  mxpress::mta::intake::LocalRecipients first(nullptr, NearMisses::are_told, first_room),
      second(nullptr, NearMisses::are_told, second_room);
  first.begin();
  second.begin();
  (void)first.prepare(config, recipient("everybody@mx.example"));
  const auto held = budget.held();
  CHECK(held > 200 * 3 * sizeof(mxpress::proto::Recipient));
  (void)second.prepare(config, recipient("everybody@mx.example"));
  CHECK(budget.held() == held);
  const auto refusal = second.judge(recipient("everybody@mx.example"));
  REQUIRE(refusal);
  CHECK(refusal->code == 452);
  CHECK_FALSE(first.judge(recipient("everybody@mx.example")));
  first.accept();
  (void)first.prepare(config, recipient("nobody@mx.example"));
  CHECK(first.judge(recipient("nobody@mx.example")));
  CHECK(budget.held() == held);
  first_room.release();
  (void)second.prepare(config, recipient("everybody@mx.example"));
  CHECK_FALSE(second.judge(recipient("everybody@mx.example")));
}

TEST_CASE("local recipients: aliases of local people, chains and postmaster; loops end") {
  Config config;
  config.hostname = "mx.example";
  config.local_domains = {Domain::parse("mx.example").value()};
  config.local.aliases.emplace("root", targets("admin@mx.example"));
  config.local.aliases.emplace("admin", targets("me+1@away.example"));
  config.local.aliases.emplace("one", targets("two@mx.example"));
  config.local.aliases.emplace("two", targets("one@mx.example"));
  auto resolved = [&](const char* text, std::string original = {}) {
    const mxpress::proto::Recipient given{Mailbox::parse(text).value(), {}, std::move(original)};
    const auto all = mxpress::mta::routing::expanded(config, given);
    REQUIRE(all.size() == 1);
    return all.front().mailbox.to_string() + " " + all.front().original_recipient;
  };
  CHECK(resolved("Root@mx.example") == "me+1@away.example rfc822;Root@mx.example");
  CHECK(resolved("postmaster@mx.example") == "me+1@away.example rfc822;postmaster@mx.example");
  CHECK(resolved("root@mx.example", "rfc822;given@else.example") == "me+1@away.example rfc822;given@else.example");
  CHECK(resolved("root@other.example") == "root@other.example ");
  CHECK(resolved("nobody@mx.example") == "nobody@mx.example ");
  CHECK(resolved("one@mx.example").substr(3) == "@mx.example ");
}

TEST_CASE("local recipients: an alias leads to several, and what it leads to is not expanded again") {
  IntakeHouse house([](Config& config) {
    config.local.aliases.emplace("root", targets("\\root, ops, admin@there.example"));
    config.local.aliases.emplace("ops", targets("root, ops@there.example"));
  });
  const std::string envelope =
      "MAIL FROM:<a@client.example>\r\nRCPT TO:<b@there.example>\r\nRCPT TO:<root> NOTIFY=SUCCESS,FAILURE\r\n"
      "RCPT TO:<admin@there.example>\r\nDATA\r\n";
  CHECK(send_by_smtp(house, "x\r\n", envelope).starts_with("250"));
  const auto kept = house.spool.kept();
  std::string all;
  for (const auto& one : kept.back().message.envelope.recipients)
    all += one.mailbox.to_string() + (one.notify.success ? "! " : " ") + one.original_recipient + "\n";
  CHECK(all ==
        "b@there.example \nroot@mx.example! \nops@there.example rfc822;root@mx.example\n"
        "admin@there.example rfc822;root@mx.example\n");
}

TEST_CASE("local recipients: names that nobody has are refused with what may have been meant, and nobody else is") {
  IntakeHouse house([](Config& config) {
    config.local.aliases.emplace("team", targets("root, nobodyhere, a@there.example"));
    config.local.aliases.emplace("void", targets("\\nobodyhere"));
    config.local.aliases.emplace("webmaster", targets("w@there.example"));
    config.local.aliases.emplace("*", targets("all@there.example"));
  });
  house.close();
  house.users = std::make_unique<UserLookup>(
      [](const std::string& name) { return name == "root" || name == "Jane" ? UserAnswer::known : UserAnswer::unknown; });
  house.open();
  const int client = house.connect_tcp();
  const auto ask = [&](const std::string& name) {
    write_everything(client, "RCPT TO:<" + name + ">\r\nVRFY x\r\n");
    std::string answer = read_until(client, "252 ");
    return answer.substr(0, answer.find("\r\n"));
  };
  write_everything(client, "EHLO x\r\nMAIL FROM:<a@client.example>\r\nNOOP\r\n");
  (void)read_until(client, "250 2.0.0 Ok");
  (void)ask("root");
  CHECK(ask("rooot") == "550 5.1.1 no user rooot on this host; did you mean root?");
  CHECK(ask("webmastr@mx.example") == "550 5.1.1 no user webmastr on this host; did you mean webmaster?");
  CHECK(ask("\"x y\"") == "550 5.1.1 no user x y on this host");
  CHECK(ask("void") == "550 5.1.1 nobody gets the mail for void: no user nobodyhere on this host");
  for (const std::string name : {"ROOT+x", "Jane", "team", "webmaster", "postmaster", "xyz@there.example"}) {
    CAPTURE(name);
    CHECK(ask(name).starts_with("250 "));
  }
  write_everything(client, "DATA\r\nx\r\n.\r\n");
  (void)read_until(client, "queued as");
  ::close(client);
  std::string all;
  const auto kept = house.spool.kept();
  for (const auto& one : kept.back().message.envelope.recipients) all += one.mailbox.to_string() + " ";
  CHECK(all == "all@there.example a@there.example w@there.example xyz@there.example ");
}

TEST_CASE("local recipients: an alias refuses mail, lets it wait, or throws it away, in the words that it has") {
  IntakeHouse house([](Config& config) {
    config.local.aliases.emplace("gone", targets(":fail: left in May, write to sales@there.example"));
    config.local.aliases.emplace("closed", targets(":FAIL:"));
    config.local.aliases.emplace("later", targets(":defer: moving house, back on Monday"));
    config.local.aliases.emplace("noreply", targets(":blackhole:"));
    config.local.aliases.emplace("team", targets("gone, noreply, a@there.example"));
  });
  const int client = house.connect_tcp();
  write_everything(client,
                   "EHLO x\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<gone>\r\nRCPT TO:<closed>\r\nRCPT TO:<later>\r\n"
                   "RCPT TO:<noreply>\r\nRCPT TO:<team>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n");
  const std::string output = read_until(client, "221 ");
  ::close(client);
  CHECK_THAT(output, Catch::Contains("\r\n550 5.1.1 left in May, write to sales@there.example\r\n550 5.1.1 no mail is taken for closed\r\n"
                                     "451 4.3.0 moving house, back on Monday\r\n250 "));
  std::string all;
  const auto kept = house.spool.kept();
  for (const auto& one : kept.back().message.envelope.recipients) all += one.mailbox.to_string() + " ";
  CHECK(all == "noreply/discard@alias-command.invalid a@there.example ");
}

TEST_CASE("local recipients: nobody writes to a command of an alias, nor has notices sent there") {
  IntakeHouse house;
  const int client = house.connect_tcp();
  write_everything(client,
                   "EHLO x\r\nMAIL FROM:<list/1@alias-command.invalid>\r\nMAIL FROM:<a@client.example>\r\n"
                   "RCPT TO:<list/1@alias-command.invalid>\r\nQUIT\r\n");
  const std::string output = read_until(client, "221 ");
  ::close(client);
  CHECK(output.find("\r\n550 5.1.8 ") != std::string::npos);
  CHECK(output.find("\r\n550 5.1.2 ") != std::string::npos);
}

TEST_CASE("local recipients: [local] unknown_users = \"keep\" takes mail for any name") {
  IntakeHouse house([](Config& config) { config.local.unknown_users = mxpress::mta::UnknownUsers::keep; });
  house.close();
  house.users = std::make_unique<UserLookup>([](const std::string&) { return UserAnswer::unknown; });
  house.open();
  CHECK(send_by_smtp(house, "x\r\n", "MAIL FROM:<a@client.example>\r\nRCPT TO:<anybody>\r\nDATA\r\n").starts_with("250"));
}

TEST_CASE("local recipients: what aliases lead to counts for max_recipients") {
  IntakeHouse house([](Config& config) {
    config.max_recipients = 100;
    std::string list;
    for (int i = 0; i < 60; ++i) list += "a" + std::to_string(i) + "@there.example,";
    config.local.aliases.emplace("one", targets(list));
    config.local.aliases.emplace("two", targets(list));
  });
  const std::string begin = "MAIL FROM:<a@client.example>\r\nRCPT TO:<one>\r\n", end = "DATA\r\n";
  CHECK(send_by_smtp(house, "x\r\n", begin + end).starts_with("250"));
  CHECK(house.spool.kept().back().message.envelope.recipients.size() == 60);
  const int client = house.connect_tcp();
  write_everything(client, "EHLO x\r\n" + begin + "RCPT TO:<two>\r\nQUIT\r\n");
  CHECK(read_until(client, "221 ").find("550 5.5.3 Too many recipients: with what aliases lead to there are more than 100\r\n") !=
        std::string::npos);
  ::close(client);
}

TEST_CASE("local recipients: a recipient that is named twice, or that two aliases lead to, is one recipient with all notices asked for") {
  IntakeHouse house([](Config& config) {
    config.local.aliases.emplace("root", targets("admin@there.example"));
    config.local.aliases.emplace("www", targets("root@mx.example"));
  });
  const auto recipients = [&](const std::string& commands) {
    CHECK(send_by_smtp(house, "x\r\n", "MAIL FROM:<a@client.example>\r\n" + commands + "DATA\r\n").starts_with("250"));
    std::string all;
    const auto kept = house.spool.kept();
    for (const auto& recipient : kept.back().message.envelope.recipients) all += recipient.mailbox.to_string() + " ";
    return all;
  };
  CHECK(recipients(
            "RCPT TO:<b@there.example>\r\nRCPT TO:<c@there.example>\r\nRCPT TO:<b@There.Example.>\r\nRCPT TO:<\"c\"@there.example>\r\n") ==
        "b@there.example c@there.example ");
  CHECK(recipients("RCPT TO:<root>\r\nRCPT TO:<www>\r\nRCPT TO:<admin@there.example>\r\nRCPT TO:<postmaster>\r\n") ==
        "admin@there.example ");
  CHECK(recipients("RCPT TO:<b@there.example>\r\nRCPT TO:<B@there.example>\r\n") == "b@there.example B@there.example ");
  CHECK(
      recipients("RCPT TO:<b@there.example> NOTIFY=SUCCESS\r\nRCPT TO:<c@there.example>\r\nRCPT TO:<b@there.example> NOTIFY=FAILURE\r\n") ==
      "b@there.example c@there.example ");
  const auto kept = house.spool.kept();
  const auto& notify = kept.back().message.envelope.recipients[0].notify;
  CHECK((notify.success && notify.failure && !notify.delay));
  CHECK_FALSE(kept.back().message.envelope.recipients[1].notify.given);
}

TEST_CASE("local recipients: a dropped message with a recipient whom nobody knows goes back to its sender, and to nobody else") {
  IntakeHouse house([](Config& config) { config.local.aliases.emplace("team", targets("a@there.example, b@there.example")); });
  UserLookup users([](const std::string&) { return UserAnswer::unknown; });
  take_drop(house, "RCPT TO:<gone>\r\nRCPT TO:<team>\r\n", &users);
  CHECK(is_drop_empty(house));
  CHECK(house.deliverer.admitted().empty());
  const auto returned = house.deliverer.given_back();
  REQUIRE(returned.size() == 1);
  CHECK(returned[0].second.status.to_string() == "5.1.1");
  CHECK_THAT(returned[0].second.text, Catch::Contains("no user gone on this host"));
  const auto kept = house.spool.kept();
  REQUIRE(kept[0].message.envelope.recipients.size() == 2);
  CHECK(kept[0].message.envelope.recipients[1].mailbox.to_string() == "team@mx.example");
}

TEST_CASE("local recipients: a dropped message for an alias whose list cannot be read now waits") {
  std::string list;
  IntakeHouse house([&](Config& config) {
    list = (config.spool_directory / "list").string();
    config.local.aliases.emplace("team", targets(":include:" + list));
    config.local.alias_file.clear();
    config.alias_book = mxpress::mta::routing::read_aliases(config);
  });
  take_drop(house, "RCPT TO:<team>\r\n");
  CHECK_FALSE(is_drop_empty(house));
  CHECK(house.spool.kept().empty());
  std::ofstream(list) << "a@there.example\n";
  Config settings = *house.config->get();
  settings.alias_book = mxpress::mta::routing::read_aliases(settings);
  house.config->set(settings);
  take_drop(house, "RCPT TO:<team>\r\n");
  REQUIRE(house.spool.kept().size() == 1);
  CHECK(house.spool.kept()[0].message.envelope.recipients[0].mailbox.to_string() == "a@there.example");
}
