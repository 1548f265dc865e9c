// resolv.conf and name server addresses.
#include "dns/resolv_conf.h"

#include <catch2/catch.hpp>

namespace mxpress::dns {
namespace {

using namespace std::chrono_literals;

std::string servers(std::string_view text) {
  std::string list;
  for (const ServerConfig& server : parse_resolv_conf(text).servers) list += (list.empty() ? "" : " ") + server.to_string();
  return list;
}

TEST_CASE("resolv.conf: servers are taken in order, IPv4, IPv6 and link-local") {
  CHECK(servers("nameserver 192.0.2.53\n  nameserver\t2001:db8::53  \nnameserver fe80::1%eth0") ==
        "192.0.2.53:53 [2001:db8::53]:53 [fe80::1%eth0]:53");
}

TEST_CASE("resolv.conf: without a nameserver it is 127.0.0.1") {
  CHECK(servers("") == "127.0.0.1:53");
  CHECK(servers("search example.org\n#nameserver 192.0.2.1\n; nameserver 192.0.2.2\n") == "127.0.0.1:53");
}

TEST_CASE("resolv.conf: lines that make no sense are passed over") {
  CHECK(servers("nameserver\nnameserver one.example\nnameserver 192.0.2.999\nnameserver 192.0.2.1:5353\nNAMESERVER\nnameserver "
                "192.0.2.9\r\n") == "192.0.2.9:53");
  CHECK(servers(std::string(100000, 'x') + "\nnameserver 192.0.2.9") == "192.0.2.9:53");
}

TEST_CASE("resolv.conf: the number of servers is bounded") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "nameserver 192.0.2.1\n";
  CHECK(parse_resolv_conf(text).servers.size() == 8);
}

TEST_CASE("resolv.conf: the options we know are honoured, the others ignored") {
  const ResolverOptions plain = parse_resolv_conf("nameserver 192.0.2.1\n");
  CHECK(plain.timeout == 5s);
  CHECK(plain.attempts == 2);
  CHECK_FALSE((plain.rotate || plain.use_vc || plain.servers[0].trusted));
  const ResolverOptions options = parse_resolv_conf(
      "options timeout:3 attempts:4 ndots:15\noptions rotate use-vc trust-ad edns0\nnameserver 192.0.2.1\ndomain example.org\n");
  CHECK(options.timeout == 3s);
  CHECK(options.attempts == 4);
  CHECK((options.rotate && options.use_vc && options.servers[0].trusted));
}

TEST_CASE("name server: trusted for DNSSEC on loopback, unless it only passes on what others say, and elsewhere where it is trusted") {
  struct Row {
    const char* address;
    bool by_itself, by_trust_ad;
  };
  for (const Row& row :
       {Row{"127.0.0.1", true, true}, Row{"127.0.0.53", true, true}, Row{"127.3.2.1", true, true}, Row{"::1", true, true},
        Row{"::ffff:127.0.0.1", true, true}, Row{"127.0.0.11", false, false}, Row{"::ffff:127.0.0.11", false, false},
        Row{"127.0.0.54", false, false}, Row{"192.0.2.53", false, true}, Row{"2001:db8::53", false, true}, Row{"10.0.2.3", false, true}}) {
    INFO(row.address);
    const std::string line = "nameserver " + std::string(row.address) + "\n";
    CHECK(is_ad_trusted(parse_resolv_conf(line).servers.at(0)) == row.by_itself);
    CHECK(is_ad_trusted(parse_resolv_conf(line + "options edns0 trust-ad\n").servers.at(0)) == row.by_trust_ad);
    ServerConfig named = parse_server(row.address).value();
    named.trusted = true;
    CHECK(is_ad_trusted(named));
  }
}

TEST_CASE("resolv.conf: times and attempts stay within bounds") {
  const ResolverOptions most = parse_resolv_conf("options timeout:99999 attempts:1000");
  CHECK(most.timeout == 30s);
  CHECK(most.attempts == 5);
  const ResolverOptions least = parse_resolv_conf("options timeout:0 attempts:-5");
  CHECK(least.timeout == 1s);
  CHECK(least.attempts == 1);
  CHECK(parse_resolv_conf("options timeout: attempts:x timeout:999999999999999999999").timeout == 5s);
}

TEST_CASE("name server: address and port as in the configuration") {
  for (const char* text : {"192.0.2.53:5353", "[2001:db8::53]:5353", "[fe80::1%eth0]:5353"}) CHECK(parse_server(text)->to_string() == text);
  CHECK(parse_server("192.0.2.53")->to_string() == "192.0.2.53:53");
  CHECK(parse_server("2001:db8::53")->to_string() == "[2001:db8::53]:53");
  CHECK(parse_server("[2001:db8::53]")->to_string() == "[2001:db8::53]:53");
}

TEST_CASE("name server: what is no address and port is refused") {
  for (const char* text : {"", ":53", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536", "192.0.2.53:5x", "[2001:db8::53", "[]:53",
                           "[2001:db8::53]x", "[2001:db8::53]:", "localhost:53", "192.0.2.53%eth0", "2001:db8::1%eth0", "fe80::1%"}) {
    INFO(text);
    CHECK_FALSE(parse_server(text).ok());
  }
}

}  // namespace
}  // namespace mxpress::dns
