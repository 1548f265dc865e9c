// Which rule a reply meets.
#include "mta/replies/rule_set.h"

#include <catch2/catch.hpp>

#include "mta/replies/rule_file.h"

using namespace mxpress;
using namespace mxpress::mta::replies;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kRules = R"(
last_line_hosts = "gmx.example"

[[rule]]
name = "code"
code = "5xx"
class = "policy"
who = "receiver"
cause = "By code."

[[rule]]
name = "status"
status = ["*.7.26", "4.7.500-699", "*.2.*"]
class = "identity"
who = "dns"
cause = "By status."

[[rule]]
name = "unknown"
text = ["user unknown", "no such ... user"]
class = "recipient"
who = "sender"
cause = "Unknown."

[[rule]]
name = "pointer"
text = "bad ptr"
class = "identity"
who = "hosting"
cause = "PTR."

[[rule]]
name = "service"
text = "no service"
class = "reputation"
who = "administrator"
cause = "Refused."

[[rule]]
name = "special"
text = "slow down"
host = "example.com"
class = "rate"
who = "nobody"
cause = "Slower."

[[rule]]
name = "closing"
code = 421
when = "greeting"
class = "rate"
who = "nobody"
cause = "Busy."
)";

const RuleSet& rules() {
  static const RuleFile file = parse_rules(kRules, "rules");
  REQUIRE(file.mistakes.empty());
  return file.rules;
}

std::string rule_for(std::string_view reply, std::string_view host = "mx.example.org", When when = When::rcpt) {
  const auto found = rules().match(typed_reply(reply, host, when));
  return found ? found->rule->name : "none";
}

}  // namespace

TEST_CASE("rule set: words go before the enhanced code, and that before the three digits") {
  CHECK(rule_for("550 5.7.26 user unknown") == "unknown");
  CHECK(rule_for("550 5.7.26 refused") == "status");
  CHECK(rule_for("550 5.7.1 refused") == "code");
  CHECK(rule_for("450 4.7.1 refused") == "none");
}

TEST_CASE("rule set: patterns of enhanced codes") {
  CHECK(rule_for("421 4.7.26 no") == "status");
  CHECK(rule_for("451 4.7.500 no") == "status");
  CHECK(rule_for("451 4.7.699 no") == "status");
  CHECK(rule_for("451 4.7.700 no") == "none");
  CHECK(rule_for("550 5.7.500 no") == "code");
  CHECK(rule_for("452 4.2.9 no") == "status");
}

TEST_CASE("rule set: all phrases of an alternative have to be there") {
  CHECK(rule_for("550 no such local user") == "unknown");
  CHECK(rule_for("450 no such mailbox") == "none");
}

TEST_CASE("rule set: a host is matched at a dot, in any case") {
  CHECK(rule_for("450 Slow down", "mx.EXAMPLE.com") == "special");
  CHECK(rule_for("450 slow down", "example.com") == "special");
  CHECK(rule_for("450 slow down", "badexample.com") == "none");
  CHECK(rule_for("450 slow down", "") == "none");
}

TEST_CASE("rule set: a refusal in the greeting says nothing of a recipient") {
  CHECK(rule_for("550 user unknown", "mx.example.org", When::greeting) == "code");
  CHECK(rule_for("550 user unknown", "mx.example.org", When::data) == "unknown");
}

TEST_CASE("rule set: a rule for a part of the dialogue is for no other") {
  CHECK(rule_for("421 closing", "mx.example.org", When::greeting) == "closing");
  CHECK(rule_for("421 closing", "mx.example.org", When::mail) == "none");
}

TEST_CASE("rule set: of some hosts the last line has the cause") {
  const std::string reply = "554-no service\r\n554 Bad PTR";
  const std::string other = "554-bad ptr\r\n554 no service";
  CHECK(rule_for(reply, "mx.gmx.example") == "pointer");
  CHECK(rule_for(other, "mx.gmx.example") == "service");
  CHECK(rule_for(other) == "pointer");
}

TEST_CASE("rule set: own findings and positive replies meet no rule") {
  proto::HostResult own = typed_reply("550 user unknown", "mx.example.org", When::rcpt);
  own.reply_code = 0;
  CHECK_FALSE(rules().match(own));
  CHECK_FALSE(rules().match(proto::for_other_messages(typed_reply("550 user unknown", "mx", When::rcpt), std::nullopt)));
  CHECK(rule_for("250 user unknown") == "none");
}

TEST_CASE("rule set: the wait that a reply states comes with the rule") {
  const auto found = rules().match(typed_reply("450 slow down, try again in 300 seconds", "example.com", When::rcpt));
  REQUIRE(found);
  CHECK(found->wait == 300s);
}
