// The plain text of a notice.
#include "proto/dsn_text.h"

#include <algorithm>

#include "proto/encoded_text.h"
#include "proto/encoded_word.h"
#include "proto/explanation.h"
#include "proto/header.h"
#include "proto/malformed_recipient.h"
#include "proto/notice_advice.h"
#include "proto/phrases.h"
#include "proto/printable.h"
#include "proto/wrapped.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kMaxSubject = 100;
constexpr std::size_t kMaxReply = 1000;
constexpr EnhancedStatus kDeliveryTimeExpired{4, 4, 7};

Explanation explained(const NoticeRecipient& recipient) {
  if (recipient.explanation) return *recipient.explanation;
  HostResult result = recipient.result;
  if (result.status.klass == 0) result.status = reported_status(recipient);
  return explain(result);
}

// For several recipients: problems that only the administrator can fix come first.
Remedy remedy_for_all(const Notice& notice) {
  Remedy result = Remedy::send_later;
  for (const NoticeRecipient& recipient : listed(notice)) {
    const Remedy remedy = explained(recipient).remedy;
    if (notice.recipients.size() == 1 || remedy == Remedy::ask_administrator) return remedy;
    if (remedy == Remedy::ask_administrator_if_widespread) result = remedy;
  }
  return result;
}

const Phrases& phrases_of(const Notice& notice) {
  static const Phrases kEnglish;
  return notice.phrases ? *notice.phrases : kEnglish;
}

std::string say(const Notice& notice, std::string_view english, Phrases::Values values = {}) {
  return phrases_of(notice).say(english, values);
}

std::string date(WallTime time, const Notice& notice) {
  return say(notice, "{date}", {{"date", rfc5322_date(time, notice.zone_minutes)}, {"iso", iso_date(time, notice.zone_minutes)}});
}

// A subject that would need decoding is shown only where the text is not ASCII anyway. Empty: there is none to show.
std::string shown_subject(const Notice& notice) {
  const auto subject = find_field(split_message(notice.original).header, "Subject");
  if (!subject) return {};
  const std::string raw = unfolded(subject->value);
  if (!notice.is_ascii()) return printable_utf8(with_words_decoded(raw), kMaxSubject);
  const std::string line = printable(raw, kMaxSubject);
  return line.find("=?") == std::string::npos ? line : std::string();
}

std::string which_message(const Notice& notice) {
  const std::string arrival = date(notice.arrival, notice);
  const std::string subject = shown_subject(notice);
  if (subject.empty()) return say(notice, "The message arrived here on {date}.", {{"date", arrival}});
  return say(notice, "The message arrived here on {date} and has the subject \"{subject}\".", {{"date", arrival}, {"subject", subject}});
}

// All recipients that are listed have this action.
bool is_for_all(const Notice& notice, NoticeAction action) {
  const auto recipients = listed(notice);
  return std::all_of(recipients.begin(), recipients.end(), [&](const NoticeRecipient& recipient) { return recipient.action == action; });
}

std::string success_words(const Notice& notice, const std::string& whom) {
  if (is_for_all(notice, NoticeAction::relayed))
    return say(notice, "Your message was handed to the mail host of {whom}.", {{"whom", whom}});
  if (is_for_all(notice, NoticeAction::delivered)) return say(notice, "Your message was delivered to {whom}.", {{"whom", whom}});
  return say(notice, "Your message was delivered to {whom}, or handed to their mail hosts.", {{"whom", whom}});
}

std::string what_happened(const Notice& notice, const std::string& whom) {
  switch (notice.kind) {
    case NoticeKind::failure:
      return say(notice, "Your message could not be delivered to {whom}.", {{"whom", whom}});
    case NoticeKind::delay:
      return say(notice, "Your message has not yet been delivered to {whom}.", {{"whom", whom}});
    case NoticeKind::success:
      return success_words(notice, whom);
  }
  return {};
}

std::string why_not(const NoticeRecipient& recipient, const Notice& notice) {
  if (recipient.action == NoticeAction::delayed && recipient.result == HostResult()) return say(notice, "It waits for its first attempt.");
  std::string text = phrases_of(notice).translated(explained(recipient).words);
  if (recipient.has_expired) text += " " + say(notice, "It was tried until the time allowed for it was over.");
  if (recipient.result.maybe_delivered)
    text += " " + say(notice, "It may have arrived all the same: the connection was lost before the mail host confirmed it.");
  return text;
}

std::string why(const NoticeRecipient& recipient, const Notice& notice) {
  switch (recipient.action) {
    case NoticeAction::failed:
    case NoticeAction::delayed:
      return why_not(recipient, notice);
    case NoticeAction::delivered:
      return say(notice, "It has arrived.");
    case NoticeAction::relayed:
      return say(notice, "That host took it, but does not confirm that it reaches the mailbox.");
  }
  return {};
}

// The time for all recipients together: empty if it differs.
std::string until(const Notice& notice) {
  const auto& first = notice.recipients.front().will_retry_until;
  const bool is_same = std::all_of(notice.recipients.begin(), notice.recipients.end(),
                                   [&](const NoticeRecipient& recipient) { return recipient.will_retry_until == first; });
  if (!is_same || !first || notice.not_listed > 0) return {};
  return say(notice, " until {date}", {{"date", date(*first, notice)}});
}

// RFC 3461 4.1: NOTIFY may request notices of delay, but none of failure.
std::string_view is_failure_told(const Notice& notice) {
  const auto told = static_cast<std::size_t>(std::count_if(notice.recipients.begin(), notice.recipients.end(),
                                                           [](const NoticeRecipient& recipient) { return recipient.is_told_of_failure; }));
  if (told == 0) return "; nobody will be told if it fails for good, as the message asks for no such notice";
  const bool is_all = told == notice.recipients.size() && notice.not_listed == 0;
  return is_all ? ", and you will be told if it fails for good"
                : ", and you will be told if it fails for good, where the message asks for that";
}

std::string delay_advice_of_rule(const Notice& notice) {
  if (notice.recipients.size() + notice.not_listed != 1 || notice.recipients.empty()) return {};
  const std::string of_rule = advice_of_rule(explained(notice.recipients.front()), phrases_of(notice));
  return of_rule.empty() ? of_rule : " " + of_rule;
}

std::string next_of_delay(const Notice& notice) {
  const Phrases& phrases = phrases_of(notice);
  const std::string again = phrases.say("Delivery is tried again{until}{told}. You need not send the message again.",
                                        {{"until", until(notice)}, {"told", phrases.form(is_failure_told(notice))}});
  return again + std::string(phrases.form(advice_for_delay(remedy_for_all(notice)))) + delay_advice_of_rule(notice);
}

std::string next_of_failure(const Notice& notice) {
  const Phrases& phrases = phrases_of(notice);
  const Remedy remedy = remedy_for_all(notice);
  const std::string text = phrases.say("No further attempt will be made.");
  const bool is_one = notice.recipients.size() + notice.not_listed == 1;
  if (is_one && !notice.recipients.empty()) return text + " " + advice_after(explained(notice.recipients.front()), phrases);
  if (is_one || remedy == Remedy::ask_administrator_if_widespread)
    return text + " " + std::string(phrases.form(advice_after_failure(remedy)));
  if (remedy != Remedy::ask_administrator) return text;
  return text + " " + phrases.say("Please show this notice to the person who looks after your mail system.");
}

std::string what_next(const Notice& notice) {
  switch (notice.kind) {
    case NoticeKind::failure:
      return next_of_failure(notice);
    case NoticeKind::delay:
      return next_of_delay(notice);
    case NoticeKind::success:
      break;
  }
  return {};
}

std::string for_several(const Notice& notice, std::size_t count) {
  const std::string all = std::to_string(count);
  std::string text = what_happened(notice, say(notice, "{count} recipients", {{"count", all}})) + " ";
  const bool is_success = notice.kind == NoticeKind::success;
  const std::string most = std::to_string(kMaxListed);
  if (count <= kMaxListed)
    text += say(notice, is_success ? "They are listed below." : "They are listed below, each with the reason.");
  else
    text += say(notice, is_success ? "The first {count} are listed below." : "The first {count} are listed below, each with the reason.",
                {{"count", most}});
  return is_success ? text : text + " " + what_next(notice);
}

std::string first_paragraph(const Notice& notice) {
  const std::size_t count = notice.recipients.size() + notice.not_listed;
  if (notice.recipients.empty()) return what_happened(notice, say(notice, "its recipients"));
  const NoticeRecipient& first = notice.recipients.front();
  if (count > 1) return for_several(notice, count);
  return what_happened(notice, shown_recipient(first.mailbox)) + " " + why(first, notice) + " " + what_next(notice);
}

std::string asked_host(const HostResult& result) {
  const std::string host = printable(result.host, 255);
  const std::string address = printable(result.address, 80);
  return host.empty() ? address : address.empty() ? host : host + " (" + address + ")";
}

// Full-width punctuation holds its own space: U+3002, U+FF0C, U+FF1A, U+FF1B.
std::string without_space_after_full_stops(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const bool follows =
        result.ends_with("\u3002") || result.ends_with("\uff0c") || result.ends_with("\uff1a") || result.ends_with("\uff1b");
    if (c != ' ' || !follows) result.push_back(c);
  }
  return result;
}

std::string line(const std::string& text) { return "  " + wrapped(text, "    "); }

std::string details_of_cause(const NoticeRecipient& recipient, const Notice& notice) {
  const Phrases& phrases = phrases_of(notice);
  const Explanation explanation = explained(recipient);
  std::string text;
  if (!explanation.hint.empty()) text += line(phrases.say("Hint: {hint}", {{"hint", phrases.translated(explanation.hint)}}));
  if (const auto& advice = explanation.advice) {
    text += line(
        phrases.say("Kind: {kind}; to act: {who}", {{"kind", phrases.form(advice->kind)}, {"who", phrases.form(in_words(advice->who))}}));
    if (!advice->todo.empty()) text += line(phrases.say("What to do: {todo}", {{"todo", phrases.translated(advice->todo)}}));
    if (!advice->link.empty()) text += line(phrases.say("See, or write to: {link}", {{"link", advice->link}}));
  }
  return text;
}

std::string_view form_for_text(const NoticeRecipient& recipient) {
  if (recipient.result.reply_code != 0) return "Its reply: {text}";
  const bool has_failed = recipient.action == NoticeAction::failed || recipient.action == NoticeAction::delayed;
  return has_failed ? "Reason: {text}" : "Result: {text}";
}

std::string details(const NoticeRecipient& recipient, const Notice& notice) {
  std::string text = wrapped(shown_recipient(recipient.mailbox) + ":", "  ");
  if (notice.recipients.size() > 1) text += line(why(recipient, notice));
  text += line(say(notice, "Status: {status}", {{"status", reported_status(recipient).to_string()}}));
  if (const std::string host = asked_host(recipient.result); !host.empty())
    text += line(say(notice, "Mail host: {host}", {{"host", host}}));
  const std::string said = printable(recipient.result.text, kMaxReply);
  if (!said.empty()) text += line(say(notice, form_for_text(recipient), {{"text", said}}));
  if (recipient.action == NoticeAction::failed || recipient.action == NoticeAction::delayed) text += details_of_cause(recipient, notice);
  if (recipient.last_attempt) text += line(say(notice, "Last attempt: {date}", {{"date", date(*recipient.last_attempt, notice)}}));
  return text + "\r\n";
}

}  // namespace

std::span<const NoticeRecipient> listed(const Notice& notice) {
  return std::span(notice.recipients).first(std::min(notice.recipients.size(), kMaxListed));
}

std::size_t count_not_listed(const Notice& notice) { return notice.recipients.size() - listed(notice).size() + notice.not_listed; }

std::string notice_text(const Notice& notice) {
  const std::string& here = notice.reporting_host.text();
  std::string text = wrapped(first_paragraph(notice), "") + "\r\n" + wrapped(which_message(notice), "") + "\r\n";
  text +=
      wrapped(say(notice, "Details, for those who look after mail systems (this is mxpress at {host}):", {{"host", here}}), "") + "\r\n";
  for (const NoticeRecipient& recipient : listed(notice)) text += details(recipient, notice);
  if (const std::size_t more = count_not_listed(notice); more > 0)
    text +=
        wrapped(say(notice, "... and {count} more recipients, which are not listed here. \"mxpress show {id}\" on {host} shows them all.",
                    {{"count", std::to_string(more)}, {"id", notice.queue_id}, {"host", here}}),
                "") +
        "\r\n";
  return notice.is_ascii() ? text : without_space_after_full_stops(text);
}

std::string notice_subject(const Notice& notice) {
  switch (notice.kind) {
    case NoticeKind::failure:
      return say(notice, "Your message could not be delivered");
    case NoticeKind::delay:
      return say(notice, "Your message is delayed, and still being tried");
    case NoticeKind::success:
      return say(notice, is_for_all(notice, NoticeAction::relayed) ? "Your message was handed to the recipient's mail host"
                                                                   : "Your message was delivered");
  }
  return {};
}

EnhancedStatus reported_status(const NoticeRecipient& recipient) {
  // RFC 3463 3.5: our own finding has become "time is up"; a host's reply stays the reason.
  if (recipient.has_expired && recipient.result.reply_code == 0) return kDeliveryTimeExpired;
  if (recipient.result.status.klass != 0) return recipient.result.status;
  switch (recipient.action) {
    case NoticeAction::failed:
      return {5, 0, 0};
    case NoticeAction::delayed:
      return {4, 0, 0};
    case NoticeAction::delivered:
    case NoticeAction::relayed:
      return {2, 0, 0};
  }
  return {5, 0, 0};
}

}  // namespace mxpress::proto
