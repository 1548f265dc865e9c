// https addresses: accepted ones with their values, and refused ones.
#include "proto/https_url.h"

#include <catch2/catch.hpp>

namespace mxpress::proto {
namespace {

TEST_CASE("https address: host, port and target are taken apart, and put together again") {
  struct Row {
    std::string text, host, target, authority;
    int port = 443;
  };
  const Row rows[] = {
      {"https://login.example.com", "login.example.com", "/", "login.example.com"},
      {"HTTPS://Login.Example.COM/a/b?c=d%20e", "login.example.com", "/a/b?c=d%20e", "login.example.com"},
      {"https://login.example.com:443/a", "login.example.com", "/a", "login.example.com"},
      {"https://login.example.com:8443?x=1", "login.example.com", "/?x=1", "login.example.com:8443", 8443},
      {"https://192.0.2.1/a", "192.0.2.1", "/a", "192.0.2.1"},
      {"https://[2001:db8::1]:8443/a:b", "2001:db8::1", "/a:b", "[2001:db8::1]:8443", 8443},
      {"https://localhost/a", "localhost", "/a", "localhost"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto url = HttpsUrl::parse(row.text);
    REQUIRE(url);
    CHECK(url->host == row.host);
    CHECK(url->port == row.port);
    CHECK(url->target == row.target);
    CHECK(url->authority() == row.authority);
    CHECK(HttpsUrl::parse(url->text()).value() == *url);
  }
}

TEST_CASE("https address: what is none, or hides where it leads, is refused") {
  const std::string refused[] = {"",
                                 "login.example.com",
                                 "http://login.example.com/",
                                 "https://",
                                 "https:///path",
                                 "https://user@login.example.com/",
                                 "https://user:word@login.example.com/",
                                 "https://login.example.com/#part",
                                 "https://login.example.com:0/",
                                 "https://login.example.com:65536/",
                                 "https://login.example.com:/",
                                 "https://login.example.com:80x/",
                                 "https://127.1/",
                                 "https://[192.0.2.1]/",
                                 "https://[2001:db8::1/",
                                 "https://a b/",
                                 "https://login.example.com/a b",
                                 "https://login.example.com/\r\nHost: other.example",
                                 std::string("https://login.example.com/\0", 27),
                                 "https://login.example.com\\@other.example/",
                                 "https://login.example.com/\xC3\xA4",
                                 "https://login.example.com/" + std::string(2000, 'a')};
  for (const std::string& text : refused) {
    INFO(text);
    CHECK_FALSE(HttpsUrl::parse(text));
  }
}

}  // namespace
}  // namespace mxpress::proto
