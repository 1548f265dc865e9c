// Tests of the requests from mxpressd to mxpress-deliver.
#include "mta/mailstore/request.h"

#include <catch2/catch.hpp>
#include <string>

#include "proto/mailbox.h"

using namespace mxpress::mta::mailstore;

namespace {

Request some_request() {
  return {Format::mbox, Forwarding::first, "bob", "alice@there.example", "bob@here.example", "00000A000001", 1'700'000'000, 72, 5000};
}

}  // namespace

TEST_CASE("deliver request: what is written is read back") {
  for (const Format format : {Format::automatic, Format::mbox, Format::maildir}) {
    Request request = some_request();
    request.format = format;
    CHECK(parse_request(format_request(request)) == request);
  }
  for (const Forwarding forwarding : {Forwarding::first, Forwarding::nothing, Forwarding::alone}) {
    Request request = some_request();
    request.forwarding = forwarding;
    CHECK(parse_request(format_request(request)) == request);
  }
  Request notice = some_request();
  notice.sender.clear();
  CHECK(parse_request(format_request(notice)) == notice);
}

TEST_CASE("deliver request: the longest addresses that may be are taken") {
  Request request = some_request();
  const std::string label(63, 'd');
  const std::string longest = std::string(900, 'u') + "@" + label + "." + label + "." + label + "." + std::string(61, 'd');
  request.sender = request.recipient = mxpress::proto::Mailbox::parse(longest).value().to_string();
  CHECK(parse_request(format_request(request)) == request);
}

TEST_CASE("deliver request: a name that could lead out of a folder is no user's") {
  for (const char* name : {"", ".", "..", "../bob", "/etc/passwd", "a/b", "-rf", ".bashrc", "bob\n", "bob lock", "böb"}) {
    CHECK_FALSE(is_user_name(name));
    Request request = some_request();
    request.user = name;
    CHECK_FALSE(parse_request(format_request(request)));
  }
  CHECK_FALSE(is_user_name(std::string(65, 'a')));
  for (const char* name : {"bob", "www-data", "_apt", "j.doe", "Bob2"}) CHECK(is_user_name(name));
}

TEST_CASE("deliver request: no field has a control character") {
  for (std::string Request::* const field : {&Request::sender, &Request::recipient, &Request::id}) {
    Request request = some_request();
    request.*field = "a\nFrom b";
    CHECK_FALSE(parse_request(format_request(request)));
  }
}

TEST_CASE("deliver request: anything cut, added or of another version is refused") {
  const std::string packet = format_request(some_request());
  for (std::size_t size = 0; size < packet.size(); ++size) CHECK_FALSE(parse_request(packet.substr(0, size)));
  CHECK_FALSE(parse_request(packet + std::string(1, '\0')));
  CHECK_FALSE(parse_request(packet + "x"));
  std::string other = packet;
  other[other.find('4')] = '3';
  CHECK_FALSE(parse_request(other));
  for (std::int64_t Request::* const field : {&Request::time, &Request::offset, &Request::size}) {
    Request request = some_request();
    request.*field = -1;
    CHECK_FALSE(parse_request(format_request(request)));
  }
}

TEST_CASE("deliver reply: what is written is read back, in one line and cut to its bound") {
  for (const auto kind : {Reply::Kind::delivered, Reply::Kind::deferred, Reply::Kind::no_such_user})
    CHECK(parse_reply(format_reply({kind, "why"})) == Reply{kind, "why"});
  CHECK(parse_reply(format_reply({Reply::Kind::deferred, "a\nb"})) == Reply{Reply::Kind::deferred, "a b"});
  const auto longest = parse_reply(format_reply({Reply::Kind::deferred, std::string(5000, 'x')}));
  REQUIRE(longest);
  CHECK(longest->text.size() == kMaxText);
  CHECK_FALSE(parse_reply(""));
}

TEST_CASE("deliver reply: the text of a ~/.forward has its lines, up to its bound") {
  const Reply file{Reply::Kind::forward, "alice\n# \xc3\xa9\n\t\\bob\r\n", 64102};
  CHECK(parse_reply(format_reply(file)) == file);
  const auto longest = parse_reply(format_reply({Reply::Kind::forward, std::string(kMaxForward + 10, 'x'), 64102}));
  REQUIRE(longest);
  CHECK(longest->text.size() == kMaxForward);
  CHECK_FALSE(parse_reply(format_reply({Reply::Kind::forward, "", 64102})));
  for (const std::int64_t uid : {-1, 0}) CHECK_FALSE(parse_reply(format_reply({Reply::Kind::forward, "alice", uid})));
  CHECK(parse_reply(format_reply({Reply::Kind::no_forward, "a\nb"})) == Reply{Reply::Kind::no_forward, "a b"});
}
