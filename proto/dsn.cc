// Composes delivery status notifications.
#include "proto/dsn.h"

#include <algorithm>
#include <set>

#include "proto/ascii.h"
#include "proto/dsn_text.h"
#include "proto/encoded_text.h"
#include "proto/encoding.h"
#include "proto/header.h"
#include "proto/mail_data.h"
#include "proto/malformed_recipient.h"
#include "proto/mime.h"
#include "proto/printable.h"
#include "proto/wrapped.h"
#include "proto/xtext.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kMaxField = 1000;
constexpr std::size_t kMaxBoundary = 50;
constexpr std::size_t kMaxNumber = 8;  // digits behind a boundary that are read: a message has fewer numbers

// One field of the report, folded.
std::string field(std::string_view name, std::string_view value) {
  return wrapped(std::string(name) + ": " + printable(value, kMaxField), " ");
}

std::string_view action_word(NoticeAction action) {
  switch (action) {
    case NoticeAction::failed:
      return "failed";
    case NoticeAction::delayed:
      return "delayed";
    case NoticeAction::delivered:
      return "delivered";
    case NoticeAction::relayed:
      return "relayed";
  }
  return "failed";
}

// RFC 3464 2.3.1: the address type, and the address without xtext encoding.
std::string original_recipient_field(std::string_view orcpt) {
  const auto semicolon = orcpt.find(';');
  if (semicolon == std::string_view::npos) return {};
  const auto address = decode_xtext(orcpt.substr(semicolon + 1));
  return address ? field("Original-Recipient", std::string(orcpt.substr(0, semicolon)) + "; " + *address) : std::string();
}

// RFC 3464 2.3
std::string recipient_report(const NoticeRecipient& recipient, const Notice& notice) {
  const HostResult& result = recipient.result;
  std::string text = "\r\n" + original_recipient_field(recipient.original_recipient);
  text += field("Final-Recipient", "rfc822; " + shown_recipient(recipient.mailbox));
  text += field("Action", action_word(recipient.action));
  text += field("Status", reported_status(recipient).to_string());
  if (result.reply_code != 0 && Domain::parse(result.host)) text += field("Remote-MTA", "dns; " + result.host);
  if (!result.text.empty()) text += field("Diagnostic-Code", (result.reply_code != 0 ? "smtp; " : "x-mxpress; ") + result.text);
  if (recipient.last_attempt) text += field("Last-Attempt-Date", rfc5322_date(*recipient.last_attempt, notice.zone_minutes));
  if (recipient.will_retry_until && recipient.action == NoticeAction::delayed) {
    text += field("Will-Retry-Until", rfc5322_date(*recipient.will_retry_until, notice.zone_minutes));
  }
  return text;
}

// RFC 3464 2.2
std::string delivery_status(const Notice& notice) {
  std::string text;
  // RFC 3464 2.2.1: the envelope id without xtext encoding.
  const auto envid = decode_xtext(notice.envid);
  if (envid && !envid->empty()) text += field("Original-Envelope-Id", *envid);
  text += field("Reporting-MTA", "dns; " + notice.reporting_host.text());
  text += field("Arrival-Date", rfc5322_date(notice.arrival, notice.zone_minutes));
  // RFC 3464 2.4: an extension field.
  if (const std::size_t more = count_not_listed(notice); more > 0)
    text += field("X-Mxpress-Recipients-Not-Listed", std::to_string(more) + "; see \"mxpress show " + notice.queue_id + "\"");
  for (const NoticeRecipient& recipient : listed(notice)) text += recipient_report(recipient, notice);
  return text;
}

// Stored content has only CRLF line ends; this does not rely on it.
bool has_only_crlf(std::string_view content) {
  for (std::size_t at = content.find_first_of("\r\n"); at != std::string_view::npos; at = content.find_first_of("\r\n", at + 2)) {
    if (content.substr(at, 2) != "\r\n") return false;
  }
  return true;
}

bool may_travel(std::string_view content) {
  const ContentFacts facts = inspect(content);
  return !facts.eight_bit && !facts.needs_reencoding() && has_only_crlf(content) && content.find('\0') == std::string_view::npos;
}

std::string part(std::string_view type, std::string_view description, std::string_view encoding, std::string_view body) {
  std::string text = "Content-Description: " + std::string(description) + "\r\nContent-Type: " + std::string(type) + "\r\n";
  if (!encoding.empty()) text += "Content-Transfer-Encoding: " + std::string(encoding) + "\r\n";
  text.append("\r\n").append(body);
  if (!text.ends_with("\r\n")) text.append("\r\n");
  return text;
}

// The fields of the original header that fit into the limit.
std::string_view bounded_header(std::string_view original) {
  const std::string_view header = split_message(original).header;
  std::size_t length = 0;
  HeaderReader reader(header);
  while (const auto next = reader.next()) {
    if (length + next->text.size() > kMaxReturnedHeader) break;
    length += next->text.size();
  }
  return header.substr(0, length);
}

// RFC 6522 4: text/rfc822-headers
std::string returned_header(const Notice& notice) {
  const std::string_view header = bounded_header(notice.original);
  constexpr std::string_view kType = "text/rfc822-headers; charset=utf-8";
  if (may_travel(header)) return part("text/rfc822-headers", "Header of the message", "", header);
  return part(kType, "Header of the message", "quoted-printable", quoted_printable(header));
}

// A form of the message that message/rfc822 allows, which permits no encoding (RFC 2046 5.2.1).
std::optional<std::string> returnable_message(const Notice& notice) {
  if (!notice.original_is_whole || notice.original.size() > kMaxReturnedMessage) return std::nullopt;
  if (may_travel(notice.original)) return std::string(notice.original);
  const auto lines = reencode_for_transport(notice.original);
  const auto bits = lines ? downgrade_to_seven_bit(*lines) : lines;
  return bits && may_travel(*bits) ? std::optional(*bits) : std::nullopt;
}

// RFC 3461 4.3: RET applies to notices of failure; others return only the header.
std::string returned_part(const Notice& notice) {
  const bool full = notice.ret == Return::full && notice.kind == NoticeKind::failure;
  const auto message = full ? returnable_message(notice) : std::nullopt;
  return message ? part("message/rfc822", "Undelivered message", "", *message) : returned_header(notice);
}

// Collects the numbers N of "--boundary-N" in the text, also as the start of a longer number, and "--boundary" without a number.
void note_numbers(std::string_view text, const std::string& delimiter, std::set<std::string, std::less<>>& taken) {
  for (auto at = text.find(delimiter); at != std::string_view::npos; at = text.find(delimiter, at + 1)) {
    taken.emplace();
    std::string_view number = text.substr(at + delimiter.size(), kMaxNumber + 1);
    if (!number.starts_with('-')) continue;
    for (std::size_t length = 2; length <= number.size() && is_digit(number[length - 1]); ++length) taken.emplace(number.substr(0, length));
  }
}

// A boundary that occurs in none of the parts, for any content of the message: each part is searched once.
std::string unused_boundary(const Notice& notice, const std::vector<std::string>& parts) {
  std::string boundary = "mxpress-";
  for (const char c : std::string_view(notice.boundary).substr(0, kMaxBoundary)) {
    if (is_alpha(c) || is_digit(c)) boundary.push_back(c);
  }
  std::set<std::string, std::less<>> taken;
  for (const std::string& text : parts) note_numbers(text, "--" + boundary, taken);
  if (taken.empty()) return boundary;
  std::uint64_t number = 0;
  while (taken.contains("-" + std::to_string(number))) ++number;
  return boundary + "-" + std::to_string(number);
}

// RFC 3834 3.1.5: lets mail programs show the notice beside the message.
std::string reference_field(const Notice& notice) {
  const auto message_id = find_field(split_message(notice.original).header, "Message-ID");
  if (!message_id) return {};
  const std::string id = unfolded(message_id->value);
  const bool sound = id.size() > 2 && id.size() < 250 && id.front() == '<' && id.back() == '>' &&
                     std::none_of(id.begin(), id.end(), [](char c) { return is_control(c) || is_eight_bit(c) || c == ' '; });
  return sound ? "In-Reply-To: " + id + "\r\n" : std::string();
}

std::string subject_in_ascii(const Notice& notice) {
  const std::string subject = notice_subject(notice);
  return has_eight_bit(subject) ? encoded_words(subject) : subject;
}

std::string text_part(const Notice& notice) {
  const std::string text = notice_text(notice);
  if (!has_eight_bit(text)) return part("text/plain; charset=us-ascii", "Notification", "", text);
  return part("text/plain; charset=utf-8", "Notification", "base64", base64_lines(text));
}

std::string notice_header(const Notice& notice, const std::string& boundary) {
  const std::string& domain = (notice.author_domain ? *notice.author_domain : notice.reporting_host).text();
  return "From: Mail Delivery System <MAILER-DAEMON@" + domain + ">\r\nTo: <" + notice.to.to_string() +
         ">\r\nSubject: " + subject_in_ascii(notice) + "\r\nDate: " + rfc5322_date(notice.now, notice.zone_minutes) + "\r\nMessage-ID: <" +
         printable(notice.message_id, 250) + ">\r\n" + reference_field(notice) +
         // RFC 3834 3.1.7: no automatic reply to this.
         "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; "
         "report-type=delivery-status;\r\n\tboundary=\"" +
         boundary + "\"\r\n\r\n";
}

}  // namespace

std::string compose_notice(const Notice& notice) {
  const std::vector<std::string> parts = {
      text_part(notice),
      part("message/delivery-status", "Delivery report", "", delivery_status(notice)),
      returned_part(notice),
  };
  const std::string boundary = unused_boundary(notice, parts);
  std::string message = notice_header(notice, boundary);
  for (const std::string& text : parts) message.append("--" + boundary + "\r\n").append(text).append("\r\n");
  return message.append("--" + boundary + "--\r\n");
}

}  // namespace mxpress::proto
