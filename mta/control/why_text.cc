// Sentences of `mxpress why`.
#include "mta/control/why_text.h"

#include <algorithm>

#include "mta/control/describe.h"
#include "mta/replies/meaning.h"
#include "proto/ascii.h"
#include "proto/control.pb.h"
#include "proto/explanation.h"
#include "proto/printable.h"

namespace mxpress::mta::control {
namespace {

constexpr std::string_view kKinds[kFates] = {"failed", "expired", "held", "waits", "unknown", "returned", "removed", "delivered"};

std::string clean(std::string_view text) { return proto::printable(text, 1000); }
std::string text_of(WallTime time) { return proto::rfc5322_date(time); }
bool is_elsewhere(const Fate& fate) { return fate.result && !fate.result->host.empty(); }

std::string place(const proto::HostResult& result) {
  const std::string host = clean(result.host), address = clean(result.address);
  if (host.empty() || address.empty()) return host + address;
  return host + " [" + address + "]";
}

std::string domain_of(std::string_view recipient) { return clean(recipient.substr(recipient.find('@') + 1)); }

std::string state_sentence(const Fate& fate) {
  switch (fate.kind) {
    case FateKind::delivered:
      return is_elsewhere(fate) ? "delivered to the receiver's mail host" : "delivered by this host";
    case FateKind::waits:
      return "waits" + (fate.next_try ? "; next attempt after " + text_of(*fate.next_try) : std::string(" for an attempt"));
    case FateKind::held:
      return "held: no attempts until it is released";
    case FateKind::failed:
      return "failed: no more attempts";
    case FateKind::expired:
      return "given up: it could not be delivered within its lifetime";
    case FateKind::returned:
      return "given up by an operator, who returned it to its sender";
    case FateKind::removed:
      return "removed by an operator; nobody was told";
    case FateKind::unknown:
      break;
  }
  return "not known: it has left the queue, and the history has no outcome";
}

// "; of 3 recipients: 1 failed, 2 delivered"; empty for a single one.
std::string counts_in_words(const MessageFate& fate) {
  std::uint64_t sum = 0;
  std::string parts;
  for (std::size_t i = 0; i < kFates; ++i) {
    sum += fate.counts[i];
    if (fate.counts[i] != 0) parts += (parts.empty() ? "" : ", ") + std::to_string(fate.counts[i]) + " " + std::string(kKinds[i]);
  }
  return sum < 2 ? "" : "; of " + std::to_string(sum) + " recipients: " + parts;
}

// Without a rule about the reply.
struct Act {
  std::string who, todo;
};
Act act_for(const proto::Explanation& explanation, FateKind kind) {
  const std::string hint = explanation.hint.empty() ? "" : " " + std::string(explanation.hint);
  switch (explanation.remedy) {
    case proto::Remedy::check_address:
      return {"the sender", "Check the address, and send the message again."};
    case proto::Remedy::send_smaller:
      return {"the sender", "Send a smaller message, or a link to the file."};
    case proto::Remedy::ask_recipient:
      return {"the recipient", "Ask the recipient in another way, such as by telephone, about the mailbox."};
    case proto::Remedy::ask_administrator:
      return {std::string(in_words(proto::Actor::administrator)), "Look into it on this host." + hint};
    case proto::Remedy::ask_administrator_if_widespread:
      return {std::string(in_words(proto::Actor::administrator)) + ", if mail to other domains fails as well",
              "Check the network of this host: mxpress doctor." + hint};
    case proto::Remedy::send_later:
      break;
  }
  const bool is_over = kind == FateKind::failed || kind == FateKind::expired;
  return {is_over ? "the sender" : "nobody for now",
          (is_over ? "Send the message again later." : "Nothing: mxpress tries again by itself.") + hint};
}

void explain_result(control_pb::WhyInfo& info, const Fate& fate, const replies::RuleSet* rules) {
  const proto::Explanation explanation = replies::explain(rules, *fate.result);
  info.set_cause(clean(explanation.words));
  const Act act = act_for(explanation, fate.kind);
  info.set_who(act.who);
  info.set_todo(act.todo);
  if (!explanation.advice) return;
  info.set_who(std::string(in_words(explanation.advice->who)));
  if (explanation.advice->todo.empty()) return;
  info.set_todo(clean(explanation.advice->todo + (explanation.advice->link.empty() ? "" : " (" + explanation.advice->link + ")")));
}

std::string paste_for(const MessageFate& fate) {
  const proto::HostResult& result = *fate.explained.result;
  std::string text = "To: postmaster@" + domain_of(fate.explained.recipient) + "\n\nYour mail host " + place(result) +
                     " accepted the message below, but its recipient does not find it.\nPlease look for it in your logs: was it delivered, "
                     "sorted out, or dropped?\n\n";
  const auto add = [&text](std::string_view name, const std::string& value) {
    if (!value.empty()) text += std::string(name) + clean(value) + "\n";
  };
  add("Accepted at: ", text_of(fate.explained.time));
  add("Your reply:  ", result.text);
  add("Sender:      ", fate.sender);
  add("Recipient:   ", fate.explained.recipient);
  add("Message-ID:  ", fate.message_id);
  add("Our id:      ", fate.id.to_string());
  add("TLS:         ", result.tls);
  return text;
}

void explain_delivery(control_pb::WhyInfo& info, const MessageFate& fate) {
  const Fate& to = fate.explained;
  if (!is_elsewhere(to)) {
    info.set_cause("This host has delivered it itself.");
    info.set_who("the recipient");
    info.set_todo("Look into the mailbox, its folders and its filters on this host.");
    return;
  }
  const std::string id = id_in_reply(to.result->text);
  info.set_cause("Accepted by " + clean(to.result->host) + " at " + text_of(to.time) + (id.empty() ? "" : " with id " + clean(id)) +
                 ": from here on it is the receiver's.");
  info.set_who("the recipient, then the postmaster of " + domain_of(to.recipient));
  info.set_todo("Look into the folder for spam; if it is not there, ask the receiver with the text below.");
  info.set_paste(paste_for(fate));
}

// States that no reply of a host explains.
void explain_without_result(control_pb::WhyInfo& info, FateKind kind) {
  struct Words {
    const char *cause, *who, *todo;
  };
  const bool is_held = kind == FateKind::held, is_known = kind != FateKind::unknown;
  const Words words = is_held                   ? Words{"An operator or the configuration holds it.", "", "Release it: mxpress release ID."}
                      : kind == FateKind::waits ? Words{"It waits for its turn: no attempt has ended yet.", "nobody for now",
                                                        "Nothing: mxpress tries it by itself."}
                      : is_known ? Words{"An operator decided so.", "", "Ask the administrator; the history names the user id."}
                                 : Words{"The outcome was not recorded.", "", "Look into the log: journalctl -u mxpress | grep ID"};
  info.set_cause(words.cause);
  info.set_who(*words.who ? words.who : std::string(in_words(proto::Actor::administrator)));
  info.set_todo(words.todo);
}

}  // namespace

std::string_view to_string(FateKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

std::string said(const proto::HostResult& result) {
  const std::string where = place(result), text = clean(result.text);
  return where.empty() ? text : where + (result.reply_code != 0 ? " said: " : ": ") + text;
}

std::string id_in_reply(std::string_view reply) {
  const std::string lower = proto::lower_case(reply);
  for (const std::string_view before :
       {"queued as ", "queued mail for delivery as ", "internalid=", " id=", " id ", "queue-id ", "message accepted for delivery "}) {
    const std::size_t at = lower.find(before);
    if (at == std::string::npos) continue;
    std::string_view id = reply.substr(at + before.size());
    id = id.substr(0, id.find_first_of(" ,;)]>\t"));
    while (!id.empty() && id.back() == '.') id.remove_suffix(1);
    if (!id.empty()) return std::string(id);
  }
  return {};
}

void explain_fate(control_pb::WhyInfo& info, const MessageFate& fate, const replies::RuleSet* rules) {
  const Fate& to = fate.explained;
  info.set_id(fate.id.to_string());
  info.set_sender(clean(fate.sender));
  info.set_message_id(clean(fate.message_id));
  if (fate.submitted) info.set_submitted_ms(milliseconds(*fate.submitted));
  info.set_recipient(clean(to.recipient));
  info.set_outcome(std::string(to_string(to.kind)));
  info.set_state(state_sentence(to) + counts_in_words(fate));
  const bool is_by_result = to.result && (to.kind == FateKind::waits || to.kind == FateKind::failed || to.kind == FateKind::expired);
  if (to.kind == FateKind::delivered)
    explain_delivery(info, fate);
  else if (is_by_result)
    explain_result(info, to, rules);
  else
    explain_without_result(info, to.kind);
  info.set_evidence("none: no mail host has answered yet");
  if (to.result) info.set_evidence(said(*to.result) + (to.time == WallTime() ? "" : " (" + text_of(to.time) + ")"));
}

}  // namespace mxpress::mta::control
