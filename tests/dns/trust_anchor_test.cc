// Which lines of a file are trust anchors of the root.
#include "dns/trust_anchor.h"

#include <catch2/catch.hpp>

using mxpress::dns::parse_trust_anchors;
using Anchors = std::vector<std::string>;

TEST_CASE("trust anchor: the keys and digests of dns-root-data, without TTL and comments") {
  CHECK(parse_trust_anchors(". IN DNSKEY 257 3 8 AwEAAa== ; keytag 20326\n. IN DS 20326 8 2 E06D44\n") ==
        Anchors{". IN DNSKEY 257 3 8 AwEAAa==", ". IN DS 20326 8 2 E06D44"});
  CHECK(parse_trust_anchors(".\t172800\tIN\tDNSKEY\t257 3 8 AwEA Aa==") == Anchors{". IN DNSKEY 257 3 8 AwEAAa=="});
}

TEST_CASE("trust anchor: of the keys in a file of libunbound only those that RFC 5011 lets be trusted") {
  const std::string head = ".\t86400\tIN\tDNSKEY\t257 3 8 ", tail = " ;{id = 1 (ksk), size = 2048b} ;;state=";
  const std::string file = "; autotrust trust anchor file\n;;id: . 1\n;;last_success: 0\n" + head + "START" + tail + "0 [  START  ]\n" +
                           head + "ADDPEND" + tail + "1 [ ADDPEND ] ;;count=3\n" + head + "VALID" + tail + "2 [  VALID  ] ;;count=0\n" +
                           head + "MISSING" + tail + "3 [ MISSING ]\n" + head + "REVOKED" + tail + "4 [ REVOKED ]\n" + head + "REMOVED" +
                           tail + "5 [ REMOVED ]\n";
  CHECK(parse_trust_anchors(file) == Anchors{". IN DNSKEY 257 3 8 VALID", ". IN DNSKEY 257 3 8 MISSING"});
}

TEST_CASE("trust anchor: damaged lines, other names and other types are none") {
  for (const char* text : {"", "\n\n", ";. IN DNSKEY 257 3 8 AwEA", ". IN DNSKEY 257 3 8", "example. IN DS 1 8 2 AA",
                           ". IN NS a.root-servers.net.", "\0\xff\x01"})
    CHECK(parse_trust_anchors(text).empty());
}
