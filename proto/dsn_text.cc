// The plain text of a notice.
#include "proto/dsn_text.h"

#include <algorithm>

#include "proto/explanation.h"
#include "proto/header.h"
#include "proto/malformed_recipient.h"
#include "proto/printable.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kLineWidth = 76;
constexpr std::size_t kLongestWord = 900;
constexpr std::size_t kMaxSubject = 100;
constexpr std::size_t kMaxReply = 1000;
constexpr EnhancedStatus kDeliveryTimeExpired{4, 4, 7};

std::string single_spaced(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c != ' ' || (!result.empty() && result.back() != ' ')) result.push_back(c);
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

// The length of the next line: up to a space if there is one.
std::size_t line_length(std::string_view text, std::size_t width) {
  if (text.size() <= width) return text.size();
  const auto last = text.rfind(' ', width);
  if (last != std::string_view::npos && last > 0) return last;
  return std::min(text.substr(0, kLongestWord).find(' '), std::min(text.size(), kLongestWord));
}

Explanation explained(const NoticeRecipient& recipient) {
  if (recipient.explanation) return *recipient.explanation;
  HostResult result = recipient.result;
  if (result.status.klass == 0) result.status = reported_status(recipient);
  return explain(result);
}

// Advice to the reader after a failure.
std::string_view advice_after_failure(Remedy remedy) {
  switch (remedy) {
    case Remedy::check_address:
      return "Please check the address for typing errors; if it is right, reach the recipient in another way.";
    case Remedy::send_smaller:
      return "Please send a smaller message, or share large attachments in another way.";
    case Remedy::ask_recipient:
      return "Please reach the recipient in another way, or send the message again in a few days.";
    case Remedy::send_later:
      return "You may send the message again later; if that fails too, reach the recipient in another way.";
    case Remedy::ask_administrator:
      return "Please show this notice to the person who looks after your mail system, or reach the recipient in another way.";
    case Remedy::ask_administrator_if_widespread:
      return "If mail to others fails as well, please show this notice to the person who looks after your mail system; if not, send the "
             "message again later, or reach the recipient in another way.";
  }
  return {};
}

// Advice while delivery is still being tried.
std::string_view advice_for_delay(Remedy remedy) {
  switch (remedy) {
    case Remedy::check_address:
      return " Please check the address for typing errors meanwhile.";
    case Remedy::ask_administrator:
      return " Please show this notice to the person who looks after your mail system: without a change there it may fail for good.";
    case Remedy::ask_administrator_if_widespread:
      return " If mail to others is delayed as well, please show this notice to the person who looks after your mail system.";
    case Remedy::send_smaller:
    case Remedy::ask_recipient:
    case Remedy::send_later:
      break;
  }
  return {};
}

// What a rule about the reply says: who has to act, and how. Empty: nothing beyond the advice for its remedy.
std::string advice_of_rule(const Explanation& explanation) {
  const auto& advice = explanation.advice;
  if (!advice || advice->todo.empty() || advice->who == Actor::nobody) return {};
  if (advice->who == Actor::sender) return "What you can do: " + advice->todo;
  return "It is for " + std::string(in_words(advice->who)) + " to act: " + advice->todo;
}

// The advice after the failure for one recipient.
std::string advice_after(const Explanation& explanation) {
  const std::string of_rule = advice_of_rule(explanation);
  if (!of_rule.empty() && explanation.advice->who == Actor::sender) return of_rule;
  return std::string(advice_after_failure(explanation.remedy)) + (of_rule.empty() ? "" : " " + of_rule);
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

std::string date(WallTime time, const Notice& notice) { return rfc5322_date(time, notice.zone_minutes); }

// "sent on Sun, ... with the subject "..."". A subject that would need decoding is left out.
std::string which_message(const Notice& notice) {
  std::string text = "The message arrived here on " + date(notice.arrival, notice);
  const auto subject = find_field(split_message(notice.original).header, "Subject");
  const std::string line = subject ? printable(unfolded(subject->value), kMaxSubject) : std::string();
  if (!line.empty() && line.find("=?") == std::string::npos) text += " and has the subject \"" + line + "\"";
  return text + ".";
}

// All recipients that are listed have this action.
bool is_for_all(const Notice& notice, NoticeAction action) {
  const auto recipients = listed(notice);
  return std::all_of(recipients.begin(), recipients.end(), [&](const NoticeRecipient& recipient) { return recipient.action == action; });
}

std::string success_words(const Notice& notice, const std::string& whom) {
  if (is_for_all(notice, NoticeAction::relayed)) return "Your message was handed to the mail host of " + whom + ".";
  if (is_for_all(notice, NoticeAction::delivered)) return "Your message was delivered to " + whom + ".";
  return "Your message was delivered to " + whom + ", or handed to their mail hosts.";
}

std::string what_happened(const Notice& notice, const std::string& whom) {
  switch (notice.kind) {
    case NoticeKind::failure:
      return "Your message could not be delivered to " + whom + ".";
    case NoticeKind::delay:
      return "Your message has not yet been delivered to " + whom + ".";
    case NoticeKind::success:
      return success_words(notice, whom);
  }
  return {};
}

std::string why_not(const NoticeRecipient& recipient) {
  if (recipient.action == NoticeAction::delayed && recipient.result == HostResult()) return "It waits for its first attempt.";
  std::string text = explained(recipient).words;
  if (recipient.has_expired) text += " It was tried until the time allowed for it was over.";
  if (recipient.result.maybe_delivered)
    text += " It may have arrived all the same: the connection was lost before the mail host confirmed it.";
  return text;
}

std::string why(const NoticeRecipient& recipient) {
  switch (recipient.action) {
    case NoticeAction::failed:
    case NoticeAction::delayed:
      return why_not(recipient);
    case NoticeAction::delivered:
      return "It has arrived.";
    case NoticeAction::relayed:
      return "That host took it, but does not confirm that it reaches the mailbox.";
  }
  return {};
}

// The time for all recipients together: empty if it differs.
std::string until(const Notice& notice) {
  const auto& first = notice.recipients.front().will_retry_until;
  const bool is_same = std::all_of(notice.recipients.begin(), notice.recipients.end(),
                                   [&](const NoticeRecipient& recipient) { return recipient.will_retry_until == first; });
  return is_same && first && notice.not_listed == 0 ? " until " + date(*first, notice) : std::string();
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
  const std::string of_rule = advice_of_rule(explained(notice.recipients.front()));
  return of_rule.empty() ? of_rule : " " + of_rule;
}

std::string what_next(const Notice& notice) {
  if (notice.kind == NoticeKind::success) return {};
  const Remedy remedy = remedy_for_all(notice);
  if (notice.kind == NoticeKind::delay)
    return "Delivery is tried again" + until(notice) + std::string(is_failure_told(notice)) + ". You need not send the message again." +
           std::string(advice_for_delay(remedy)) + delay_advice_of_rule(notice);
  const std::string text = "No further attempt will be made.";
  const bool is_one = notice.recipients.size() + notice.not_listed == 1;
  if (is_one && !notice.recipients.empty()) return text + " " + advice_after(explained(notice.recipients.front()));
  if (is_one || remedy == Remedy::ask_administrator_if_widespread) return text + " " + std::string(advice_after_failure(remedy));
  return remedy == Remedy::ask_administrator ? text + " Please show this notice to the person who looks after your mail system." : text;
}

std::string first_paragraph(const Notice& notice) {
  const std::size_t count = notice.recipients.size() + notice.not_listed;
  if (notice.recipients.empty()) return what_happened(notice, "its recipients");
  const NoticeRecipient& first = notice.recipients.front();
  if (count == 1) return what_happened(notice, shown_recipient(first.mailbox)) + " " + why(first) + " " + what_next(notice);
  return what_happened(notice, std::to_string(count) + " recipients") +
         (count > kMaxListed ? " The first " + std::to_string(kMaxListed) : std::string(" They")) +
         (notice.kind == NoticeKind::success ? " are listed below." : " are listed below, each with the reason. ") + what_next(notice);
}

std::string asked_host(const HostResult& result) {
  const std::string host = printable(result.host, 255);
  const std::string address = printable(result.address, 80);
  return host.empty() ? address : address.empty() ? host : host + " (" + address + ")";
}

std::string line(const std::string& text) { return "  " + wrapped(text, "    "); }

std::string details_of_cause(const NoticeRecipient& recipient) {
  const Explanation explanation = explained(recipient);
  std::string text;
  if (!explanation.hint.empty()) text += line("Hint: " + std::string(explanation.hint));
  if (const auto& advice = explanation.advice) {
    text += line("Kind: " + advice->kind + "; to act: " + std::string(in_words(advice->who)));
    if (!advice->todo.empty()) text += line("What to do: " + advice->todo);
    if (!advice->link.empty()) text += line("See, or write to: " + advice->link);
  }
  return text;
}

std::string details(const NoticeRecipient& recipient, const Notice& notice) {
  std::string text = wrapped(shown_recipient(recipient.mailbox) + ":", "  ");
  if (notice.recipients.size() > 1) text += line(why(recipient));
  text += line("Status: " + reported_status(recipient).to_string());
  const std::string host = asked_host(recipient.result);
  if (!host.empty()) text += line("Mail host: " + host);
  const std::string said = printable(recipient.result.text, kMaxReply);
  const bool has_failed = recipient.action == NoticeAction::failed || recipient.action == NoticeAction::delayed;
  if (!said.empty()) text += line((recipient.result.reply_code != 0 ? "Its reply: " : has_failed ? "Reason: " : "Result: ") + said);
  if (has_failed) text += details_of_cause(recipient);
  if (recipient.last_attempt) text += line("Last attempt: " + date(*recipient.last_attempt, notice));
  return text + "\r\n";
}

}  // namespace

std::string wrapped(std::string_view paragraph, std::string_view indent) {
  const std::string text = single_spaced(paragraph);
  std::string lines;
  for (std::string_view rest = text; !rest.empty();) {
    if (!lines.empty()) lines.append(indent);
    const std::size_t length = line_length(rest, kLineWidth - indent.size());
    lines.append(rest.substr(0, length)).append("\r\n");
    rest.remove_prefix(length);
    if (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  }
  return lines;
}

std::span<const NoticeRecipient> listed(const Notice& notice) {
  return std::span(notice.recipients).first(std::min(notice.recipients.size(), kMaxListed));
}

std::size_t count_not_listed(const Notice& notice) { return notice.recipients.size() - listed(notice).size() + notice.not_listed; }

std::string notice_text(const Notice& notice) {
  std::string text = wrapped(first_paragraph(notice), "") + "\r\n" + wrapped(which_message(notice), "") + "\r\n";
  text += wrapped("Details, for those who look after mail systems (this is mxpress at " + notice.reporting_host.text() + "):", "") + "\r\n";
  for (const NoticeRecipient& recipient : listed(notice)) text += details(recipient, notice);
  if (const std::size_t more = count_not_listed(notice); more > 0)
    text += wrapped("... and " + std::to_string(more) + " more recipients, which are not listed here. \"mxpress show " + notice.queue_id +
                        "\" on " + notice.reporting_host.text() + " shows them all.",
                    "") +
            "\r\n";
  return text;
}

std::string_view notice_subject(const Notice& notice) {
  switch (notice.kind) {
    case NoticeKind::failure:
      return "Your message could not be delivered";
    case NoticeKind::delay:
      return "Your message is delayed, and still being tried";
    case NoticeKind::success:
      return is_for_all(notice, NoticeAction::relayed) ? "Your message was handed to the recipient's mail host"
                                                       : "Your message was delivered";
  }
  return "Delivery status";
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
