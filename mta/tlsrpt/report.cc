// Composes reports.
#include "mta/tlsrpt/report.h"

#include <zlib.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <stdexcept>

#include "mta/config/config.h"
#include "mta/routing/aliases.h"
#include "mta/routing/recipients.h"
#include "proto/encoding.h"
#include "proto/sha256.h"

namespace mxpress::mta::tlsrpt {
namespace {

namespace json = boost::json;

constexpr std::string_view kMediaType = "application/tlsrpt+gzip";

json::string text_of(std::string_view text) { return json::string(json::string_view(text.data(), text.size())); }

json::array array_of(const std::vector<std::string>& texts) {
  json::array array;
  for (const std::string& text : texts) array.push_back(text_of(text));
  return array;
}

void add_known(json::object& object, std::string_view name, const std::string& value) {
  if (!value.empty()) object[json::string_view(name.data(), name.size())] = text_of(value);
}

json::object object_of(const Policy& policy) {
  json::object object;
  object["policy-type"] = text_of(to_string(policy.type));
  if (!policy.lines.empty()) object["policy-string"] = array_of(policy.lines);
  object["policy-domain"] = text_of(policy.domain);
  if (!policy.mx.empty()) object["mx-host"] = array_of(policy.mx);
  return object;
}

json::object object_of(const Failure& failure, std::uint64_t count) {
  json::object object;
  object["result-type"] = text_of(net::to_string(failure.type));
  add_known(object, "sending-mta-ip", failure.sending_address);
  add_known(object, "receiving-mx-hostname", failure.host);
  add_known(object, "receiving-mx-helo", failure.host_name);
  add_known(object, "receiving-ip", failure.address);
  object["failed-session-count"] = count;
  add_known(object, "failure-reason-code", failure.reason);
  return object;
}

json::object object_of(const Policy& policy, const PolicyCounts& counts) {
  json::object object;
  object["policy"] = object_of(policy);
  object["summary"] = json::object{{"total-successful-session-count", counts.succeeded}, {"total-failure-session-count", counts.failed}};
  json::array failures;
  for (const auto& [failure, count] : counts.failures) failures.push_back(object_of(failure, count));
  if (!failures.empty()) object["failure-details"] = std::move(failures);
  return object;
}

std::int64_t seconds_of(Day day) { return std::chrono::sys_seconds(day).time_since_epoch().count(); }

// RFC 8460 5.1
std::string file_name(const DomainDay& day, const Reporter& reporter) {
  const std::int64_t begin = seconds_of(day.day), end = seconds_of(day.day + std::chrono::days(1)) - 1;
  return reporter.domain() + "!" + day.domain + "!" + std::to_string(begin) + "!" + std::to_string(end) + ".json.gz";
}

std::string words_for_people(const DomainDay& day, const Reporter& reporter) {
  std::uint64_t succeeded = 0, failed = 0;
  for (const auto& [policy, counts] : day.policies) succeeded += counts.succeeded, failed += counts.failed;
  return "This is a report about TLS (RFC 8460) of the sessions that\r\n" + reporter.domain() + "\r\nhad with the mail hosts of\r\n" +
         day.domain + "\r\non " + to_string(day.day) + " (UTC).\r\n\r\nSessions with TLS as demanded: " + std::to_string(succeeded) +
         "\r\nSessions without:              " + std::to_string(failed) + "\r\n\r\nThe second part has the details.\r\n";
}

// RFC 8460 5.3; RFC 8689 4.1: reports about TLS that fails must arrive without it, too.
std::string header_of(const DomainDay& day, const Reporter& reporter, const proto::Mailbox& to, WallTime now, const std::string& mark) {
  const std::string id = report_id(day, reporter);
  return "From: " + reporter.address.in_brackets() + "\r\nTo: " + to.in_brackets() + "\r\nSubject: Report Domain: " + day.domain +
         "\r\n Submitter: " + reporter.domain() + "\r\n Report-ID: <" + id + ">\r\nDate: " + proto::rfc5322_date(now) +
         "\r\nMessage-ID: <" + id + ">\r\nTLS-Report-Domain: " + day.domain + "\r\nTLS-Report-Submitter: " + reporter.domain() +
         "\r\nTLS-Required: No\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
         "Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n boundary=\"" +
         mark + "\"\r\n\r\n";
}

std::string body_of(const DomainDay& day, const Reporter& reporter, const std::string& mark) {
  return "--" + mark + "\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n" + words_for_people(day, reporter) + "\r\n--" + mark +
         "\r\nContent-Type: " + std::string(kMediaType) +
         "\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n filename=\"" + file_name(day, reporter) +
         "\"\r\n\r\n" + proto::base64_lines(gzip(report_json(day, reporter))) + "\r\n--" + mark + "--\r\n";
}

}  // namespace

Reporter reporter_of(const Config& config) {
  if (config.tls_reports.from) return {*config.tls_reports.from};
  const proto::Domain domain = config.sender_domain.value_or(config.own_domain());
  return {proto::Mailbox::parse("postmaster@" + domain.text()).value()};
}

std::string report_id(const DomainDay& day, const Reporter& reporter) {
  constexpr std::size_t kDigits = 16;
  return to_string(day.day) + "." + proto::sha256_hex(reporter.domain() + "!" + day.domain + "!" + to_string(day.day), kDigits) + "@" +
         reporter.domain();
}

std::string report_json(const DomainDay& day, const Reporter& reporter) {
  json::object report;
  report["organization-name"] = text_of(reporter.domain());
  report["date-range"] = json::object{{"start-datetime", text_of(to_string(day.day) + "T00:00:00Z")},
                                      {"end-datetime", text_of(to_string(day.day) + "T23:59:59Z")}};
  report["contact-info"] = text_of(reporter.address.to_string());
  report["report-id"] = text_of(report_id(day, reporter));
  json::array policies;
  for (const auto& [policy, counts] : day.policies) policies.push_back(object_of(policy, counts));
  report["policies"] = std::move(policies);
  return json::serialize(report);
}

// zlib fails only for lack of memory, which is thrown elsewhere, too.
std::string gzip(std::string_view octets) {
  constexpr int kGzip = 15 + 16, kMemory = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  std::string compressed(deflateBound(&stream, octets.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));  // deflate() only reads it
  stream.avail_in = static_cast<uInt>(octets.size());
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_out = static_cast<uInt>(compressed.size());
  const int done = deflate(&stream, Z_FINISH);
  compressed.resize(stream.total_out);
  deflateEnd(&stream);
  if (done != Z_STREAM_END) throw std::logic_error("zlib has not compressed a report at once");
  return compressed;
}

queue::NewMessage report_mail(const DomainDay& day, const Reporter& reporter, const proto::Mailbox& to, const Config& config, WallTime now,
                              std::uint64_t boundary) {
  const std::string mark = "=_tlsrpt_" + std::to_string(boundary);
  const proto::Notify never{.given = true};
  queue::NewMessage message;
  proto::Envelope& envelope = message.envelope;
  envelope.reverse_path = proto::ReversePath(reporter.address);
  envelope.recipients = routing::expanded(config, {to, never, ""});
  envelope.tls = proto::TlsWish::waive;  // RFC 8460 5.3.1: a policy that fails must not keep its report back
  envelope.submitter.entrance = kEntrance;
  envelope.submitter.program = kProgram;
  envelope.submitter.share = proto::ShareOwner::host();
  envelope.submitted = now;
  message.content =
      routing::redirect_recipients(config, envelope.recipients) + header_of(day, reporter, to, now, mark) + body_of(day, reporter, mark);
  envelope.held_because = routing::hold_reason(config, envelope);
  return message;
}

}  // namespace mxpress::mta::tlsrpt
