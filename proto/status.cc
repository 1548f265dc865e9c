// Enhanced status codes: parsing, and their meaning in plain words when a reply has them.
#include "proto/status.h"

#include "proto/ascii.h"

namespace mxpress::proto {
namespace {

struct Words {
  int klass;  // 0: any class
  int subject;
  int detail;  // -1: any other detail
  std::string_view text;
};

// The first match is used.
constexpr Words kWords[] = {
    {2, 1, 5, "The recipient's address was accepted."},
    {4, 1, 1, "The recipient's mail host does not accept the address for now; it may not exist."},
    {0, 1, 1, "There is no mailbox with this address at the recipient's mail host."},
    {0, 1, 2, "The part of the address after the @ does not exist, or takes no mail."},
    {0, 1, 3, "The address is not written in a form that mail can use."},
    {0, 1, 4, "The address fits more than one mailbox."},
    {0, 1, 6, "The recipient has moved; this address is no longer in use."},
    {0, 1, 7, "The sender's address is not written in a form that mail can use."},
    {0, 1, 8, "The recipient's mail host does not accept the domain of the sender's address."},
    {0, 1, 10, "The recipient's domain says that it takes no mail at all."},
    {0, 1, -1, "The recipient's mail host did not accept the address."},
    {4, 2, 1, "The recipient's mailbox takes no mail for now."},
    {0, 2, 1, "The recipient's mailbox is switched off and takes no mail."},
    {0, 2, 2, "The recipient's mailbox is full."},
    {0, 2, 3, "The message is larger than the recipient's mailbox takes."},
    {0, 2, 4, "The mailing list could not be expanded by its mail host."},
    {0, 2, -1, "The recipient's mailbox could not take the message."},
    {0, 3, 1, "The mail host has no room for more mail."},
    {5, 3, 2, "The mail host takes no mail."},
    {0, 3, 2, "The mail host takes no mail at the moment."},
    {0, 3, 3, "The mail host lacks a feature that this message needs."},
    {0, 3, 4, "The message is larger than the mail host takes."},
    {0, 3, 5, "The mail host is not set up correctly."},
    {0, 3, -1, "The mail host has trouble of its own."},
    {0, 4, 2, "The mail host ended the connection."},
    {0, 4, 3, "A lookup that the mail host needs failed."},
    {0, 4, 4, "The mail host does not know the further way of the message."},
    {0, 4, 5, "The mail host is overloaded."},
    {0, 4, 6, "The message went round in a circle between mail hosts."},
    {0, 4, 7, "The mail host gave the message up after some time."},
    {0, 4, -1, "The mail host reports a failure on the further way of the message; the reason is in its reply."},
    {0, 5, 3, "The message has too many recipients for the mail host."},
    {0, 5, -1, "The mail host did not accept what it was told; the reason is in its reply."},
    {0, 6, 0, "The message is damaged or in a form that mail hosts do not take."},
    {0, 6, 1, "The mail host does not take this kind of content."},
    {0, 6, 3, "The message must be converted for this mail host, and that is not possible."},
    {0, 6, 7, "The address needs international mail (SMTPUTF8), which the mail host does not know."},
    {0, 6, -1, "The content of the message was not accepted."},
    {0, 7, 7, "The message was changed on the way."},
    {0, 7, 8, "The mail host takes mail only from those who sign in."},
    {0, 7, 13, "The account at the mail host is switched off."},
    {0, 7, 20, "The message has no DKIM signature that the mail host accepts."},
    {0, 7, 21, "The message has no DKIM signature that the mail host accepts."},
    {0, 7, 22, "The DKIM signature of the message is not by the domain of its author."},
    {0, 7, 23, "The sender's domain does not allow this host to send its mail (SPF)."},
    {0, 7, 24, "The SPF record of the sender's domain could not be used."},
    {0, 7, 25, "The address of the sending host has no name in the name service (reverse DNS)."},
    {0, 7, 26, "The message failed several checks of where it comes from (SPF, DKIM)."},
    {0, 7, 27, "The sender's domain takes no mail, so the mail host does not take mail from it."},
    {0, 7, 28, "Too many messages were sent to the mail host in a short time."},
    {4, 7, -1, "The mail host does not take the message for now, as a matter of its policy; the reason is in its reply."},
    {0, 7, -1, "The mail host refused the message as a matter of its policy."},
    {4, 0, -1, "The mail host could not take the message for now, and gave no closer reason than its reply."},
    {5, 0, -1, "The mail host refused the message, and gave no closer reason than its reply."},
};

std::optional<int> take_number(std::string_view& text) {
  std::size_t length = 0;
  int number = 0;
  while (length < text.size() && length < 4 && is_digit(text[length])) number = number * 10 + (text[length++] - '0');
  // RFC 3463 2: no leading zeros.
  if (length == 0 || length > 3 || (length > 1 && text[0] == '0')) return std::nullopt;
  text.remove_prefix(length);
  return number;
}

bool take_dot(std::string_view& text) {
  if (text.empty() || text[0] != '.') return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string EnhancedStatus::to_string() const {
  std::string text = std::to_string(klass);
  return text.append(".").append(std::to_string(subject)).append(".").append(std::to_string(detail));
}

std::optional<EnhancedStatus> EnhancedStatus::parse(std::string_view text) {
  const auto klass = take_number(text);
  if (!klass || (*klass != 2 && *klass != 4 && *klass != 5) || !take_dot(text)) return std::nullopt;
  const auto subject = take_number(text);
  if (!subject || !take_dot(text)) return std::nullopt;
  const auto detail = take_number(text);
  if (!detail || !text.empty()) return std::nullopt;
  return EnhancedStatus{*klass, *subject, *detail};
}

std::string_view plain_words(EnhancedStatus status) {
  for (const Words& words : kWords) {
    if (words.klass != 0 && words.klass != status.klass) continue;
    if (words.subject == status.subject && (words.detail == status.detail || words.detail == -1)) return words.text;
  }
  return status.klass == 2 ? "The message was accepted." : "The mail host gave no reason that mxpress knows.";
}

}  // namespace mxpress::proto
