// A browser's visit: accepted and refused visitors.
#include "mta/oauth/redirect.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <charconv>

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using mta::auth::Secret;
using mta::oauth::redirect_in;
using mta::oauth::RedirectListener;
using mta::system::Descriptor;

// Connects and sends everything at once: the listener has it in its queue.
Descriptor visit(const RedirectListener& listener, const std::string& request) {
  const std::string uri = listener.uri();
  std::uint16_t port = 0;
  const std::size_t at = std::string("http://127.0.0.1:").size();
  std::from_chars(uri.data() + at, uri.data() + uri.size(), port);
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{10, 0};  // a listener that never answers is a failure, not a hang
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
  REQUIRE(::shutdown(socket.get(), SHUT_WR) == 0);
  return socket;
}

std::string answer(const Descriptor& socket) {
  std::string text;
  char buffer[4096];
  for (ssize_t count = 1; count > 0;) {
    count = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"; }

// A pipe with this text, and no more.
struct Typed {
  explicit Typed(const std::string& text) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    ::close(ends[1]);
    from = Descriptor(ends[0]);
  }
  Descriptor from;
};

std::string outcome(const Result<Secret>& code) { return code ? "code " + code->reveal() : code.error().message; }

}  // namespace

TEST_CASE("redirect: only with the state is it ours") {
  CHECK(redirect_in("code=4%2Fabc&state=s1", "s1").code.reveal() == "4/abc");
  CHECK_FALSE(redirect_in("code=abc&state=s2", "s1").is_ours);
  CHECK_FALSE(redirect_in("code=abc", "s1").is_ours);
  CHECK_FALSE(redirect_in("error=access_denied&state=s2", "s1").is_ours);
  CHECK(redirect_in("error=access_denied&error_description=The+user%0Asaid+no&state=s1", "s1").refusal ==
        "access_denied: The user said no");
  CHECK(redirect_in("state=s1", "s1").refusal == "no code");
}

TEST_CASE("redirect: the browser's visit gives the code, after others were sent away") {
  auto listener = RedirectListener::open();
  REQUIRE(listener);
  const Descriptor icon = visit(*listener, get("/favicon.ico")), wrong = visit(*listener, get("/?state=x&code=evil")),
                   silent = visit(*listener, ""), post = visit(*listener, "POST /?state=s1&code=evil HTTP/1.1\r\n\r\n"),
                   right = visit(*listener, get("/?state=s1&code=good"));
  CHECK(outcome(listener->wait("s1", -1, 1min)) == "code good");
  CHECK_THAT(answer(icon), Catch::StartsWith("HTTP/1.1 404 "));
  CHECK_THAT(answer(wrong), Catch::StartsWith("HTTP/1.1 404 ") && !Catch::Contains("evil"));
  CHECK_THAT(answer(post), Catch::StartsWith("HTTP/1.1 404 "));
  CHECK_THAT(answer(right), Catch::StartsWith("HTTP/1.1 200 ") && Catch::Contains("You may close this page"));
}

TEST_CASE("redirect: a refusal at the provider ends the wait") {
  auto listener = RedirectListener::open();
  REQUIRE(listener);
  const Descriptor visitor = visit(*listener, get("/?error=access_denied&state=s1"));
  CHECK(outcome(listener->wait("s1", -1, 1min)) == "the provider refuses: access_denied");
  CHECK_THAT(answer(visitor), Catch::Contains("did not let mxpress in"));
}

TEST_CASE("redirect: the address may be typed, where the browser runs elsewhere") {
  auto listener = RedirectListener::open();
  REQUIRE(listener);
  const Typed typed("what?\nhttp://127.0.0.1:1/?state=x&code=evil\nhttp://127.0.0.1:4711/?state=s1&code=good&scope=x\n");
  CHECK(outcome(listener->wait("s1", typed.from.get(), 1min)) == "code good");
}

TEST_CASE("redirect: whoever types nothing does not keep the browser out, and nobody waits without end") {
  auto listener = RedirectListener::open();
  REQUIRE(listener);
  const Typed nothing("");
  CHECK_THAT(outcome(listener->wait("s1", nothing.from.get(), 0ms)), Catch::Contains("in time"));
  const Descriptor right = visit(*listener, get("/?state=s1&code=good"));
  CHECK(outcome(listener->wait("s1", nothing.from.get(), 1min)) == "code good");
}

TEST_CASE("redirect: a request without end is cut off") {
  auto listener = RedirectListener::open();
  REQUIRE(listener);
  const Descriptor endless = visit(*listener, "GET /?state=s1&code=" + std::string(17 * 1024, 'x'));
  const Descriptor right = visit(*listener, get("/?state=s1&code=good"));
  CHECK(outcome(listener->wait("s1", -1, 1min)) == "code good");
}

}  // namespace mxpress::testing
