// Records by which domains ask for reports about TLS. RFC 8460 3.
#include <catch2/catch.hpp>

#include "mta/tlsrpt/record.h"

using namespace mxpress;
using mta::tlsrpt::kMostReceivers;
using mta::tlsrpt::receivers_in;

namespace {

// The URIs, or the reason why there are none.
std::string found(const std::vector<std::string>& texts) {
  const auto receivers = receivers_in(texts);
  if (!receivers) return "error: " + receivers.error().message;
  std::string all;
  for (const auto& receiver : *receivers) all += (all.empty() ? "" : " ") + receiver.uri;
  return all;
}

std::string mailbox_of(const std::string& uri) {
  const auto receiver = mta::tlsrpt::parse_receiver(uri);
  return receiver ? std::get<proto::Mailbox>(receiver->to).to_string() : "error";
}

}  // namespace

TEST_CASE("tlsrpt record: its receivers are those of rua, by mail and HTTPS") {
  struct Case {
    const char *text, *expected;
  };
  const Case cases[] = {
      {"v=TLSRPTv1; rua=mailto:tls@there.example", "mailto:tls@there.example"},
      {"v=TLSRPTv1;rua=mailto:tls@there.example;", "mailto:tls@there.example"},
      {"v=TLSRPTv1 ; rua=https://there.example/tls?a=b , mailto:tls@there.example ;x=y",
       "https://there.example/tls?a=b mailto:tls@there.example"},
      {"v=TLSRPTv1; next=1; rua=mailto:tls@there.example; rua=mailto:other@there.example", "mailto:tls@there.example"},
      {"v=TLSRPTv1; rua=MAILTO:tls@there.example", "MAILTO:tls@there.example"},
      {"v=TLSRPTv1; rua=ftp://there.example,mailto:tls@there.example", "mailto:tls@there.example"},
      {"v=TLSRPTv1; rua=mailto:list/1@alias-command.invalid", "error: the record names nobody who can get reports"},
      {"v=TLSRPTv1; rua=http://there.example/", "error: the record names nobody who can get reports"},
      {"v=TLSRPTv1; rua=", "error: the record names nobody who can get reports"},
      {"v=TLSRPTv1;", "error: the record names nobody who can get reports"},
      {"v=TLSRPTv1; rua=mailto:nobody", "error: the record names nobody who can get reports"},
      {"v=TLSRPTv2; rua=mailto:tls@there.example", ""},
      {"v=tlsrptv1; rua=mailto:tls@there.example", ""},
      {"v=spf1 -all", ""},
      {"", ""},
  };
  for (const Case& one : cases) {
    INFO(one.text);
    CHECK(found({one.text}) == one.expected);
  }
  CHECK(found({}).empty());
}

TEST_CASE("tlsrpt record: others at the same name do not count, and two are none") {
  const std::string record = "v=TLSRPTv1; rua=mailto:tls@there.example";
  CHECK(found({"google-site-verification=1", record}) == "mailto:tls@there.example");
  CHECK(found({record, record}) == "error: there are several records");
}

TEST_CASE("tlsrpt record: an address is decoded, and what follows it is left out") {
  CHECK(mailbox_of("mailto:tls%2Breports@there.example?subject=x") == "tls+reports@there.example");
  CHECK(mailbox_of("mailto:%22a%2cb%22@there.example") == "\"a,b\"@there.example");
  CHECK(mailbox_of("mailto:tls%2@there.example") == "error");
  CHECK(mailbox_of("mailto:tls%zz@there.example") == "error");
  CHECK(mailbox_of("mailto:tls%0d%0aBcc:x@there.example") == "error");
  CHECK(mailbox_of("mailto:tls@there.example?subject=\xff") == "error");
  CHECK(mailbox_of("mailto:tls@there.example?subject=a\nb") == "error");
}

TEST_CASE("tlsrpt record: of many receivers the first few get reports, and a long one gets none") {
  std::string many = "v=TLSRPTv1; rua=mailto:" + std::string(500, 'a') + "@there.example";
  for (int i = 0; i < 100; ++i) many += ",mailto:tls" + std::to_string(i) + "@there.example";
  const auto receivers = receivers_in({many});
  REQUIRE(receivers);
  CHECK(receivers->size() == kMostReceivers);
  CHECK(receivers->front().uri == "mailto:tls0@there.example");
}
