// Everything that a spool stores about its mail, as text: spools with the same mail give the same text.
#pragma once

#include <algorithm>
#include <cstdio>
#include <string>

#include "queue/crc32c.h"
#include "queue/message_store.h"

namespace mxpress::queue {

inline std::string describe(const proto::HostResult& result) {
  return std::to_string(static_cast<int>(result.stage)) + " " + result.host + " " + result.address + " " + result.tls + " " +
         std::to_string(result.status.klass) + "." + std::to_string(result.status.subject) + "." + std::to_string(result.status.detail) +
         " " + std::to_string(result.reply_code) + (result.maybe_delivered ? " maybe" : "") + " <" + result.text + ">";
}

inline std::string describe(const RecipientState& state) {
  constexpr const char* kStages[] = {"pending", "delivered", "notice_pending", "ended", "removed"};
  std::string out = kStages[static_cast<int>(state.stage)];
  out += " attempts " + std::to_string(state.attempts) + " next " + std::to_string(state.next_try.time_since_epoch().count());
  if (state.delay_notice_sent) out += " delay-told";
  if (state.expired) out += " expired";
  if (state.last) out += " last " + std::to_string(state.last_time.time_since_epoch().count()) + " " + describe(*state.last);
  return out;
}

inline std::string describe(const proto::Recipient& recipient) {
  const auto& notify = recipient.notify;
  std::string out = "  to " + recipient.mailbox.to_string() + " notify ";
  out += !notify.given ? "-" : std::string(notify.success ? "S" : "") + (notify.failure ? "F" : "") + (notify.delay ? "D" : "");
  return out + " orcpt " + (recipient.original_recipient.empty() ? "-" : recipient.original_recipient) + ": ";
}

inline std::string describe_content(const Content& content) {
  if (!content.verify()) return "DAMAGED";
  std::string bytes(content.size(), '\0');
  const auto n = content.read(0, bytes.data(), bytes.size());
  if (!n || *n != bytes.size()) return "UNREADABLE";
  char crc[16];
  std::snprintf(crc, sizeof crc, "%08x", crc32c(bytes));
  return std::to_string(bytes.size()) + " octets, CRC32C " + crc;
}

inline std::string describe(const Message& message) {
  const auto& envelope = message.envelope;
  std::string out = "message " + message.id.to_string() + (message.held ? " held" : "") + (message.ended ? " ended" : "") + "\n";
  out += "  from <" + envelope.reverse_path.to_string() + "> ret " + std::to_string(static_cast<int>(envelope.ret)) + " envid <" +
         envelope.envid + "> body " + std::to_string(static_cast<int>(envelope.body)) + (envelope.is_notice ? " notice" : "") +
         (envelope.has_long_lines ? " long-lines" : "") + " submitted " + std::to_string(envelope.submitted.time_since_epoch().count()) +
         (message.accepted_at == Duration(0) ? "" : " accepted-at " + std::to_string(message.accepted_at.count())) + "\n";
  const auto& by = envelope.submitter;
  out += "  by " + by.entrance + " " + std::to_string(by.uid) + " " + std::to_string(by.pid) + " <" + by.program + "> <" + by.unit + "> <" +
         by.client_address + "> <" + by.client_name + ">" + (by.share.is_known() ? " share " + by.share.to_string() : "") + "\n";
  for (std::size_t i = 0; i < envelope.recipients.size(); ++i)
    out += describe(envelope.recipients[i]) + describe(message.recipients.at(i)) + "\n";
  for (const auto& attempt : message.attempts) {
    out += "  attempt " + std::to_string(attempt.time.time_since_epoch().count()) + " for";
    for (const auto index : attempt.recipients) out += " " + std::to_string(index);
    out += "\n";
    for (const auto& host : attempt.hosts)
      out += "    host " + describe(host.result) + " " + std::to_string(host.total.count()) + (host.reused_session ? " reused" : "") + "\n";
  }
  if (message.content) out += "  content " + describe_content(*message.content) + "\n";
  return out;
}

inline std::string dump(const std::vector<SiteRecord>& sites) {
  std::string out;
  for (const auto& site : sites)
    out += "site " + site.site + " failures " + std::to_string(site.failures) + " next " +
           std::to_string(site.next_probe.time_since_epoch().count()) + (site.last ? " last " + describe(*site.last) : "") + "\n";
  return out;
}

// All messages, also remembered ended ones.
inline std::string dump(MessageStore& spool) {
  std::string out;
  for (const auto id : spool.ids(true)) {
    const auto message = spool.load(id);
    out += message ? describe(*message) : "message " + id.to_string() + " UNREADABLE: " + message.error().message + "\n";
  }
  return out;
}

}  // namespace mxpress::queue
