// Words and recipients of alerts.
#include "mta/app/alert_text.h"

#include <algorithm>

#include "mta/config/config.h"
#include "mta/routing/aliases.h"
#include "mta/routing/destination_name.h"
#include "mta/routing/recipients.h"
#include "mta/routing/route.h"
#include "proto/time.h"

namespace mxpress::mta {
namespace {

constexpr std::size_t kWidth = 76;

std::string value_of(const AlertDesk::Fields& alert, std::string_view key) {
  for (const auto& field : alert)
    if (field.key == key) return field.value;
  return {};
}

std::string title_of(const AlertDesk::Fields& alert) {
  const std::string event = alert.front().value, way = value_of(alert, "way");
  const std::string by = way.empty() || way == "direct" ? "" : " by " + way;
  if (event == "outage") return "this host cannot send mail" + by;
  if (event == "outage_over") return "this host can send mail again" + by;
  if (event == "site") return "a provider refuses to let this host sign in";
  if (event == "refused") return "mail hosts refuse mail of this host, and it is kept";
  if (event == "guard") return "mail of a user of this host is held";
  if (event == "set_aside") return "a message that ends mxpressd is held";
  if (event == "died") return "mxpressd has died";
  if (event == "dkim") return "the DNS record of a key that signs mail is gone";
  if (event == "route" || event == "oauth") return "a password, token or certificate cannot be had";
  if (event == "doctor") return "the checks of this host have another result than before";
  if (event == "aliases") return "the file of aliases cannot be read";
  return event;
}

// Indented; broken at spaces.
std::string wrapped(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    std::size_t end = std::min(text.size(), kWidth);
    if (const auto space = text.rfind(' ', kWidth); end < text.size() && space != text.npos && space > 0) end = space;
    lines.append(text.substr(0, end)).append("\n");
    text.remove_prefix(end);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  return lines;
}

// Adds a capital and a full stop.
std::string sentence(std::string text) {
  if (text.empty()) return text;
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  if (!text.ends_with('.') && !text.ends_with('!')) text += '.';
  return text;
}

std::string as_lines(const std::string& body) {
  std::string lines;
  for (const char c : body) lines += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return lines;
}

proto::Domain local_domain(const Config& config) {
  if (config.is_local(config.own_domain()) || config.local_domains.empty()) return config.own_domain();
  return config.local_domains.front();
}

}  // namespace

AlertText text_of(const AlertDesk::Fields& alert, const std::string& host) {
  AlertText text;
  text.subject = "mxpress at " + host + ": " + title_of(alert);
  text.body = wrapped(sentence(title_of(alert))) + "\n";
  if (const std::string reason = value_of(alert, "reason"); !reason.empty()) text.body += wrapped(sentence(reason)) + "\n";
  if (const std::string note = value_of(alert, "note"); !note.empty()) text.body += wrapped(sentence(note)) + "\n";
  for (const auto& [key, value] : alert)
    if (key != "event" && key != "reason" && key != "note") text.body += "  " + key + ": " + value + "\n";
  text.body +=
      "\nHow it is now says: mxpress status\nThe log has more: journalctl -u mxpress\n"
      "There is at most one such message for an incident in an hour; [alerts] in\n"
      "/etc/mxpress/mxpress.toml says who gets it.\n";
  return text;
}

std::optional<queue::NewMessage> mail_of(const AlertText& text, const Config& config,
                                         const std::function<bool(const routing::Route&)>& is_broken, WallTime now, const std::string& id) {
  if (config.alerts.to.empty()) return std::nullopt;
  const bool is_user = config.alerts.to.find('@') == std::string::npos;
  const proto::Domain here = local_domain(config);
  const auto to = proto::Mailbox::parse(is_user ? config.alerts.to + "@" + here.text() : config.alerts.to);
  if (!to) return std::nullopt;  // cannot happen: the configuration was checked
  const proto::Notify never{.given = true};
  queue::NewMessage message;
  proto::Envelope& envelope = message.envelope;
  envelope.is_notice = true;
  envelope.submitter.entrance = "mxpressd";
  envelope.submitter.share = proto::ShareOwner::host();
  envelope.submitted = now;
  envelope.recipients = routing::expanded(config, {*to, never, ""});
  const std::string field = routing::redirect_recipients(config, envelope.recipients);
  const auto leaves = [&](const proto::Recipient& one) { return !config.is_local(one.mailbox.domain()); };
  const bool any_leaves = std::any_of(envelope.recipients.begin(), envelope.recipients.end(), leaves);
  const routing::RecipientRouting routing(envelope, config);
  std::erase_if(envelope.recipients, [&](const proto::Recipient& one) {
    return leaves(one) && is_broken(routing::route_for(config, routing.destination_of(one.mailbox).ref()));
  });
  const auto user = proto::Mailbox::parse((is_user ? config.alerts.to : "root") + "@" + here.text());
  if (any_leaves && user && config.is_local(here)) envelope.recipients.push_back({*user, never, ""});
  if (envelope.recipients.empty()) return std::nullopt;
  routing::drop_repetitions(envelope.recipients);
  message.content = field + "From: mxpress <MAILER-DAEMON@" + config.own_domain().text() + ">\r\nTo: " + to->to_string() +
                    "\r\nSubject: " + text.subject + "\r\nDate: " + proto::rfc5322_date(now) + "\r\nMessage-ID: <" + id + "@" +
                    config.hostname + ">\r\nAuto-Submitted: auto-generated\r\nPrecedence: list\r\nMIME-Version: 1.0\r\n" +
                    "Content-Type: text/plain; charset=us-ascii\r\n\r\n" + as_lines(text.body);
  return message;
}

}  // namespace mxpress::mta
