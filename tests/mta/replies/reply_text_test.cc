// Replies as rules see them.
#include "mta/replies/reply_text.h"

#include <catch2/catch.hpp>

using namespace mxpress::mta::replies;
using mxpress::proto::EnhancedStatus;

TEST_CASE("reply text: lines are joined, their codes go, letters are lower case") {
  const ReplyText text = reply_text("550-5.7.1 No  Mail\r\n550-5.7.1\tFrom YOU\r\n550 5.7.1 today");
  CHECK(text.code == 550);
  CHECK(text.status == EnhancedStatus{5, 7, 1});
  CHECK(text.words == "no mail from you today");
}

TEST_CASE("reply text: codes that are repeated inside one line go, other numbers stay") {
  CHECK(reply_text("550 5.7.1 one 5.7.1 two 550-5.7.1 three").words == "one two three");
  CHECK(reply_text("554 30 Sorry (554.30)").words == "30 sorry (554.30)");
  CHECK(reply_text("421 4.7.0 [192.0.2.1 15] 5.1.1").words == "[192.0.2.1 15] 5.1.1");
}

TEST_CASE("reply text: an enhanced code of another class than the code counts") {
  const ReplyText text = reply_text("421 5.7.1 refused");
  CHECK(text.status == EnhancedStatus{5, 7, 1});
  CHECK(text.words == "refused");
}

TEST_CASE("reply text: words with a mail address are left out") {
  CHECK(reply_text("550 5.1.1 user@zen.spamhaus.org: User unknown").words == "user unknown");
  CHECK(reply_text("550 5.1.1 <user@zen.spamhaus.org>: User unknown").words == "user unknown");
}

TEST_CASE("reply text: the words of an address whose local part is quoted are left out, whatever it has inside") {
  for (const char* local : {R"x("(s3140) 1")x", R"x("a> (s3140)")x", R"x("a\" (s3140)")x", R"x("@ (s3140)")x", R"x("<@> (s3140) \\")x"}) {
    INFO(local);
    const std::string address = std::string(local) + "@x.example";
    for (const std::string& line :
         {"<" + address + ">: User unknown", address + " : User unknown", "user <" + address + "> User unknown"}) {
      INFO(line);
      const std::string words = reply_text("550 5.1.1 " + line).words;
      CHECK(words.find("3140") == words.npos);
      CHECK(words.find("user unknown") != words.npos);
    }
  }
  CHECK(reply_text("550 5.1.1 <(s3140) x@x.example>: User unknown").words == "user unknown");
}

TEST_CASE("reply text: what is quoted or in brackets, and no address, stays") {
  CHECK(reply_text(R"(550 said "no more" <here> and "left open)").words == R"(said "no more" <here> and "left open)");
  CHECK(reply_text("550 <<<< a <b c> <").words == "<<<< a <b c> <");
}

TEST_CASE("reply text: a text without code, a code without text, and nothing") {
  CHECK(reply_text("[IPTS04] deferred").words == "[ipts04] deferred");
  CHECK(reply_text("[IPTS04] deferred").code == 0);
  CHECK(reply_text("550").code == 550);
  CHECK(reply_text("550-").words.empty());
  CHECK(reply_text("").words.empty());
  CHECK(reply_text("999 text").words == "999 text");
}

TEST_CASE("reply text: only the beginning of a long reply is looked at") {
  CHECK(reply_text("550 " + std::string(100'000, 'x')).words.size() < ReplyText::kMost);
}
