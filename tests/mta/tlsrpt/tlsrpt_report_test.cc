// Reports: JSON by RFC 8460 4.4, gzip, and the mail by 5.3.
#include "mta/tlsrpt/report.h"

#include <zlib.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch.hpp>

#include "mta/config/config.h"
#include "proto/encoding.h"
#include "proto/header.h"

using namespace mxpress;
using namespace mta::tlsrpt;
using mta::net::TlsFailure;

namespace {

namespace json = boost::json;

constexpr Day kDay{std::chrono::year(2026) / 11 / 30};

mta::Config config_with(const std::string& toml = "") {
  return mta::parse_config("hostname = \"mail.here.example\"\n" + toml, "test.toml").value();
}

DomainDay day_with_all() {
  Ledger ledger;
  const Policy dane{Policy::Type::tlsa, "mx.there.example", {"3 1 1 0123", "2 0 1 4567"}};
  const Policy sts{Policy::Type::sts,
                   "there.example",
                   {"version: STSv1", "mode: enforce", "mx: *.there.example", "max_age: 86400"},
                   {"*.there.example"}};
  const Policy none{Policy::Type::none, "there.example"};
  for (int i = 0; i < 3; ++i) ledger.add({"there.example", dane}, kDay, {});
  const Failure failure{TlsFailure::certificate_expired, "198.51.100.9", "mx.there.example", "mx1", "2001:db8::1",
                        "it expired \"yesterday\""};
  for (int i = 0; i < 2; ++i) ledger.add({"there.example", sts, failure}, kDay, {});
  ledger.add({"there.example", sts, Failure{.type = TlsFailure::sts_policy_fetch_error}}, kDay, {});
  ledger.add({"there.example", none}, kDay, {});
  return *ledger.find({kDay, "there.example"});
}

std::string unzipped(std::string_view octets) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  std::string text(1 << 20, '\0');
  std::string input(octets);
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

std::string field(const std::string& header, std::string_view name) {
  const auto found = proto::find_field(header, name);
  return found ? proto::unfolded(found->value) : "none";
}

}  // namespace

TEST_CASE("tlsrpt report: the JSON has each field of RFC 8460, and no others") {
  const DomainDay day = day_with_all();
  const Reporter reporter = reporter_of(config_with());
  const json::value expected = json::parse(R"({
    "organization-name": "mail.here.example",
    "date-range": {"start-datetime": "2026-11-30T00:00:00Z", "end-datetime": "2026-11-30T23:59:59Z"},
    "contact-info": "postmaster@mail.here.example",
    "report-id": ")" + report_id(day, reporter) +
                                           R"(",
    "policies": [
      {"policy": {"policy-type": "no-policy-found", "policy-domain": "there.example"},
       "summary": {"total-successful-session-count": 1, "total-failure-session-count": 0}},
      {"policy": {"policy-type": "tlsa", "policy-string": ["3 1 1 0123", "2 0 1 4567"], "policy-domain": "mx.there.example"},
       "summary": {"total-successful-session-count": 3, "total-failure-session-count": 0}},
      {"policy": {"policy-type": "sts", "policy-string": ["version: STSv1", "mode: enforce", "mx: *.there.example", "max_age: 86400"],
                  "policy-domain": "there.example", "mx-host": ["*.there.example"]},
       "summary": {"total-successful-session-count": 0, "total-failure-session-count": 3},
       "failure-details": [
         {"result-type": "certificate-expired", "sending-mta-ip": "198.51.100.9", "receiving-mx-hostname": "mx.there.example",
          "receiving-mx-helo": "mx1", "receiving-ip": "2001:db8::1", "failed-session-count": 2,
          "failure-reason-code": "it expired \"yesterday\""},
         {"result-type": "sts-policy-fetch-error", "failed-session-count": 1}]}]})");
  CHECK(json::parse(report_json(day, reporter)) == expected);
}

TEST_CASE("tlsrpt report: its id is the same for the same day, and another for another day, domain or reporter") {
  const DomainDay day = day_with_all();
  DomainDay next = day, other = day;
  next.day += std::chrono::days(1);
  other.domain = "other.example";
  const Reporter reporter = reporter_of(config_with()), third = reporter_of(config_with("tls.reports_from = \"tls@third.example\""));
  CHECK(report_id(day, reporter) == report_id(day, reporter));
  CHECK(report_id(day, reporter) != report_id(next, reporter));
  CHECK(report_id(day, reporter) != report_id(other, reporter));
  CHECK(report_id(day, reporter) != report_id(day, third));
}

TEST_CASE("tlsrpt report: gzip gives what zlib reads again, of nothing and of much") {
  for (const std::size_t size : {0, 1, 100, 100'000}) {
    std::string text(size, '\0');
    std::uint32_t noise = 1;
    for (char& c : text) c = static_cast<char>((noise = noise * 1664525 + 1013904223) >> 24);
    CHECK(unzipped(gzip(text)) == text);
  }
}

TEST_CASE("tlsrpt report: the mail has the fields and the part of RFC 8460 5.3") {
  const auto config = config_with("sender_domain = \"here.example\"");
  const DomainDay day = day_with_all();
  const Reporter reporter = reporter_of(config);
  const auto mail =
      report_mail(day, reporter, proto::Mailbox::parse("tls@reports.example").value(), config, WallTime(kDay) + std::chrono::hours(30), 7);
  CHECK(mail.envelope.reverse_path.to_string() == "postmaster@here.example");
  REQUIRE(mail.envelope.recipients.size() == 1);
  CHECK(mail.envelope.recipients[0].mailbox.to_string() == "tls@reports.example");
  CHECK(mail.envelope.recipients[0].notify.never());
  CHECK_FALSE(mail.envelope.is_notice);
  CHECK(is_report(mail.envelope.submitter));
  CHECK(mail.envelope.submitter.share_owner() == proto::ShareOwner::host());
  CHECK(mail.envelope.tls == proto::TlsWish::waive);
  const std::string header(proto::split_message(mail.content).header), id = report_id(day, reporter);
  CHECK(field(header, "From") == "<postmaster@here.example>");
  CHECK(field(header, "To") == "<tls@reports.example>");
  CHECK(field(header, "Subject") == "Report Domain: there.example Submitter: here.example Report-ID: <" + id + ">");
  CHECK(field(header, "TLS-Report-Domain") == "there.example");
  CHECK(field(header, "TLS-Report-Submitter") == "here.example");
  CHECK(field(header, "TLS-Required") == "No");
  CHECK(field(header, "Date") == "Tue, 01 Dec 2026 06:00:00 +0000");
  CHECK_THAT(field(header, "Content-Type"), Catch::StartsWith("multipart/report; report-type=\"tlsrpt\"; boundary="));
  CHECK(mail.content.find("Content-Type: application/tlsrpt+gzip\r\n") != std::string::npos);
  CHECK(mail.content.find("filename=\"here.example!there.example!1795996800!1796083199.json.gz\"") != std::string::npos);
  const std::string start = "json.gz\"\r\n\r\n";
  std::string encoded = mail.content.substr(mail.content.find(start) + start.size());
  encoded.resize(encoded.find("\r\n--"));
  std::erase_if(encoded, [](char c) { return c == '\r' || c == '\n'; });
  CHECK(unzipped(proto::decoded_base64(encoded).value()) == report_json(day, reporter));
}

TEST_CASE("tlsrpt report: [redirect] gets it instead of the receiver") {
  const auto config = config_with("redirect = \"staging@test.example\"");
  const auto mail =
      report_mail(day_with_all(), reporter_of(config), proto::Mailbox::parse("tls@reports.example").value(), config, WallTime(kDay), 7);
  CHECK(mail.envelope.recipients.at(0).mailbox.to_string() == "staging@test.example");
}
