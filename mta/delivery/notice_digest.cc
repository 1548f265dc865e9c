// Counts the notices of an hour, and writes the text of a digest.
#include "mta/delivery/notice_digest.h"

#include <algorithm>

#include "dns/async.h"
#include "mta/config/config.h"
#include "mta/replies/meaning.h"
#include "mta/routing/aliases.h"
#include "mta/routing/recipients.h"
#include "proto/ascii.h"
#include "proto/dsn.h"
#include "proto/encoded_text.h"
#include "proto/encoding.h"
#include "proto/malformed_recipient.h"
#include "proto/printable.h"
#include "queue/message.h"

namespace mxpress::mta::delivery {
namespace {

constexpr std::size_t kMostWords = 400;          // of a reply
constexpr std::size_t kMostExplained = 150'000;  // octets of explanations as they are sent

std::string handed_in(const proto::Envelope& envelope) {
  std::string by = proto::rfc5322_date(envelope.submitted);
  if (!envelope.submitter.program.empty()) by += " by " + proto::printable(envelope.submitter.program, 100);
  if (!envelope.submitter.unit.empty()) by += " (" + proto::printable(envelope.submitter.unit, 100) + ")";
  return by;
}

// For people.
std::string paragraph(const Config& config, const queue::Message& message, std::uint32_t index, const std::string& subject) {
  const proto::HostResult result = message.recipients[index].last.value_or(proto::HostResult{});
  std::string text = proto::shown_recipient(message.envelope.recipients[index].mailbox) + "\r\n";
  text += "    " + replies::explain(config.replies.get(), result).words + "\r\n";
  if (!result.text.empty()) text += "    " + proto::printable(result.text, kMostWords) + "\r\n";
  if (!subject.empty()) text += "    subject: " + subject + "\r\n";
  text += "    message " + message.id.to_string() + ", handed in " + handed_in(message.envelope) + "\r\n";
  return text;
}

// For programs, and readers who need all rows.
std::string row(const queue::Message& message, std::uint32_t index) {
  const proto::EnhancedStatus status = message.recipients[index].last.value_or(proto::HostResult{}).status;
  return message.id.to_string() + " " + status.to_string() + " " + proto::shown_recipient(message.envelope.recipients[index].mailbox) +
         "\r\n";
}

std::string counted(std::size_t count, const std::string& what) { return std::to_string(count) + " " + what + (count == 1 ? "" : "s"); }

std::string introduction(const Config& config, std::size_t recipients, std::size_t messages) {
  return "This is mxpress at " + config.hostname + ". Mail from root could not be delivered\r\nto " + counted(recipients, "recipient") +
         " of " + counted(messages, "message") + ".\r\n\r\nSo many failed within an hour that this is one report of all of them.\r\n" +
         "There is at most one in an hour. `mxpress show ID` tells the story of each\r\nmessage. No more of them than the subject is "
         "returned with this.\r\n\r\n";
}

// One part of the message. `more`: fields, with CRLF.
std::string part(const std::string& mark, std::string_view more, const std::string& text) {
  const bool is_ascii = !proto::has_eight_bit(text);
  const std::string_view kind = is_ascii ? "us-ascii\r\n" : "utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n";
  return "--" + mark + "\r\nContent-Type: text/plain; charset=" + std::string(kind) + std::string(more) + "\r\n" +
         (is_ascii ? text : proto::quoted_printable(text)) + "\r\n";
}

}  // namespace

bool NoticeDigest::is_for(const Config& config, const proto::ReversePath& reverse_path) {
  if (reverse_path.is_null()) return false;
  const proto::Mailbox mailbox = reverse_path.mailbox();
  const bool is_here = config.is_local(mailbox.domain()) || (config.sender_domain && *config.sender_domain == mailbox.domain());
  return is_here && proto::lower_case(mailbox.plain_local_part()) == "root";
}

bool NoticeDigest::may_go_alone(proto::QueueId message, queue::Instant now) {
  std::erase_if(alone_, [now](queue::Instant one) { return now - one >= kHour; });
  const bool goes_on = !waiting_.empty() || (last_ && now - *last_ < kHour);
  if (!goes_on && alone_.size() < kAlone) {
    alone_.push_back(now);
    return true;
  }
  if (waiting_.empty()) due_ = last_ && now - *last_ < kHour ? *last_ + kHour : alone_.front() + kHour;
  waiting_.insert(message);
  return false;
}

std::vector<proto::QueueId> NoticeDigest::begin() {
  is_being_composed_ = true;
  std::vector<proto::QueueId> first;
  for (const proto::QueueId id : waiting_) {
    if (first.size() == kMostMessages) break;
    first.push_back(id);
  }
  is_cut_ = first.size() < waiting_.size();
  return first;
}

void NoticeDigest::end(const std::vector<proto::QueueId>& told, Rest rest, queue::Instant now) {
  failed(told, rest == Rest::follows || is_cut_ ? now : now + kHour);
  last_ = now;
}

bool NoticeDigest::is_forgettable(queue::Instant now) const {
  const auto is_over = [now](queue::Instant one) { return now - one >= kHour; };
  return waiting_.empty() && !is_being_composed_ && (!last_ || is_over(*last_)) && std::all_of(alone_.begin(), alone_.end(), is_over);
}

void NoticeDigest::failed(const std::vector<proto::QueueId>& gone, queue::Instant again) {
  is_being_composed_ = false;
  for (const proto::QueueId id : gone) waiting_.erase(id);
  due_ = again;
}

bool DigestText::explains_more() const { return explained_ < proto::kMaxListed; }

bool DigestText::add(const queue::Message& message, const std::vector<std::uint32_t>& recipients, const std::string& subject) {
  std::string words, rows;
  std::size_t explained = explained_, unlisted = 0, encoded = encoded_;
  bool is_full = false;
  for (const std::uint32_t index : recipients) {
    if (explained < proto::kMaxListed && !is_full) {
      const std::string more = paragraph(config_, message, index, subject);
      const std::size_t size = proto::quoted_printable(more).size();
      is_full = encoded + size > kMostExplained;
      if (!is_full) {
        words += more;
        encoded += size;
        ++explained;
      }
    }
    const std::string line = row(message, index);
    const bool fits = encoded + rows_.size() + rows.size() + line.size() <= kMost;
    if (!fits && to_) return false;
    if (fits)
      rows += line;
    else
      ++unlisted;
  }
  if (!to_) {
    to_ = message.envelope.reverse_path.mailbox();
    owner_ = message.envelope.submitter.share_owner();
  }
  words_ += words;
  rows_ += rows;
  encoded_ = encoded;
  count_ += recipients.size();
  explained_ = explained;
  unlisted_ += unlisted;
  notice_for_.push_back({message.id, recipients, queue::NoticeKind::failure});
  return true;
}

std::string DigestText::header(queue::QueueId id, const std::string& mark) const {
  const std::string author = (config_.sender_domain ? *config_.sender_domain : config_.own_domain()).text();
  return "From: Mail Delivery System <MAILER-DAEMON@" + author + ">\r\nTo: " + to_->to_string() +
         "\r\nSubject: Undelivered mail: " + counted(count_, "recipient") + " of " + counted(messages(), "message") +
         "\r\nDate: " + proto::rfc5322_date(Clock::current().wall()) + "\r\nMessage-ID: <" + id.to_string() + "@" + config_.hostname +
         ">\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"" + mark + "\"\r\n\r\n";
}

queue::NewMessage DigestText::message(queue::QueueId id, std::uint64_t boundary) const {
  const std::string mark = "=_" + std::to_string(boundary);
  queue::NewMessage composed;
  composed.notice_for = notice_for_;
  composed.envelope.recipients = routing::expanded(config_, {*to_, {}, ""});
  composed.envelope.is_notice = true;
  composed.envelope.submitter.entrance = "mxpressd";
  composed.envelope.submitter.share = owner_;
  composed.envelope.submitted = Clock::current().wall();
  std::string body = introduction(config_, count_, messages()) + words_;
  if (count_ > explained_) body += "\r\nand " + std::to_string(count_ - explained_) + " more: the second part lists all.\r\n";
  std::string rows = rows_;
  if (unlisted_ > 0) rows += "and " + std::to_string(unlisted_) + " more: mxpress show " + notice_for_.front().message.to_string() + "\r\n";
  composed.content = routing::redirect_recipients(config_, composed.envelope.recipients) + header(id, mark) + part(mark, "", body) +
                     part(mark, "Content-Disposition: attachment; filename=\"failures.txt\"\r\n", rows) + "--" + mark + "--\r\n";
  composed.envelope.held_because = routing::hold_reason(config_, composed.envelope);
  return composed;
}

}  // namespace mxpress::mta::delivery
