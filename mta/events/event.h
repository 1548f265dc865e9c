// Events: one record for each step of a message's life. An event about an outcome is emitted after the outcome is durable. Values are raw:
// sinks clean what they show.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mta/system/log_room.h"
#include "proto/outcome.h"
#include "proto/queue_id.h"

namespace mxpress::dns {
struct Target;
}

namespace mxpress::proto {
struct Envelope;
class ReversePath;
enum class Actor;
}  // namespace mxpress::proto

namespace mxpress::queue {
enum class ActionKind;
enum class NoticeKind;
}  // namespace mxpress::queue

namespace mxpress::mta::net {
struct TlsResult;
}

namespace mxpress::mta::events {

// The lines of an event with a LogRoom::Hold are about one message and are kept until they are written: the log takes over the hold.

// It is durable in the queue; afterwards the client gets 250.
struct Accepted {
  proto::QueueId message;
  const proto::Envelope& envelope;
  std::uint64_t size = 0;       // octets of content
  std::string_view message_id;  // from the header; empty: none
  mutable LogRoom::Hold log_room{};
  std::string_view added_message_id{};  // without brackets: that mxpressd has added to a header without one
};

enum class Disposition {
  delivered,
  deferred,
  failed,
  expired  // deferred until its lifetime was over
};
std::string_view to_string(Disposition disposition);

// The connection on which a result came.
struct HostTimes {
  Duration connect{0}, total{0};
  bool reused_session = false;
};

struct RecipientOutcome {
  Disposition disposition = Disposition::deferred;
  std::string recipient;
  std::string original_recipient;           // the original address, if an alias changed it; else empty
  std::optional<proto::HostResult> result;  // nullopt: the operator stopped the attempt before any result
  std::optional<HostTimes> host;            // nullopt: the result came from no host
  std::optional<WallTime> next_try;         // if deferred
  std::string_view kind{}, who{};           // class of the reply and who must act, by the rules; of static words, empty: no rule
  std::string cause{};                      // by the rule, if it is short
};

// The result of one attempt for the recipients at one destination. Also expiry, a failed lookup, and damaged content.
struct Attempted {
  proto::QueueId message;
  std::string reverse_path;
  Duration delay{0};  // since submission
  std::vector<RecipientOutcome> recipients;
  mutable LogRoom::Hold log_room{};
  fairness::Owner owner{};  // of the message: for shares
};
// Approximate memory of the event; at least that of its log lines.
std::uint64_t octets_of(const Attempted& attempted);

// An attempt whose outcome the spool did not record: its recipients may be tried again.
struct Unrecorded {
  const Attempted& attempted;
  std::string_view reason;
};

// An action of an operator.
struct Acted {
  struct Withdrawn {
    std::string recipient;
    std::string original_recipient;
  };
  proto::QueueId message;
  queue::ActionKind action;
  std::int64_t uid = -1;  // of the operator
  std::string reverse_path{};
  std::vector<Withdrawn> withdrawn{};  // by remove and bounce
  mutable LogRoom::Hold log_room{};
  fairness::Owner owner{};  // of the message, for shares; unknown if nothing was withdrawn
};
std::uint64_t octets_of(const Acted& acted);

// A DSN is in the queue, and none is pending for its recipients any more.
struct NoticeSent {
  proto::QueueId message;  // that it reports on
  queue::NoticeKind kind;
  const proto::ReversePath& to;
  proto::QueueId notice;
  std::size_t recipients = 0;  // that it reports on
};
// A delay notice is not sent, because its sender has had too many of them.
struct NoticeLeftOut {
  proto::QueueId message;
};
// An undeliverable DSN is in this host's mailbox.
struct NoticeKept {
  proto::QueueId message;  // the DSN
  std::string_view mailbox;
};

// A DSN cannot be stored now. It stays pending, and is tried again.
struct NoticeWaits {
  enum class Why { no_room_on_disk, share_is_used };
  proto::QueueId message;
  fairness::Owner owner;  // of the message: the log lines about an owner's mail are limited
  Why why;
  std::string_view reason;
};
// A DSN waits for its sender's turn.
struct NoticePostponed {
  proto::QueueId message;
  Duration wait;
};
// A DSN could not be stored in the spool, or an undeliverable one in this host's mailbox. It stays pending.
struct NoticeNotStored {
  proto::QueueId message;
  fairness::Owner owner;
  std::string_view reason;
};
struct NoticeNotKept {
  proto::QueueId message;
  fairness::Owner owner;
  std::string_view reason;
};

// A header line of over 998 octets had no space to fold it at, and was sent to this host in pieces.
struct HeaderBroken {
  proto::QueueId message;
  std::string_view host;
};

// A mail host refused mail because of the address family that it came over: the attempt went on over the other family.
struct FamilyChanged {
  proto::QueueId message;
  const proto::HostResult& refusal;
  bool from_v6 = false;
  std::string_view end;  // over the other family: "accepted", "not accepted", "no connection"
};
// "IPv6"
inline std::string_view family_name(bool is_v6) { return is_v6 ? "IPv6" : "IPv4"; }

// A new connection to a mail host, or the reason why there is none.
struct Connected {
  proto::QueueId message;
  const dns::Target& target;
  const net::TlsResult& tls;
  bool is_open = false;                       // a session has begun
  const proto::Envelope* envelope = nullptr;  // of the message; null: the configuration names the host, not the DNS
  std::uint32_t recipient = 0;                // index; `target` is a mail host of its domain
  std::string_view local_address{};           // of the connection; empty: there was none
  std::string_view host_name{};               // by which the host calls itself; empty: it did not
};

// What was said in an attempt after which the message still waits or has failed for a recipient. Before its outcome is durable.
struct Conversed {
  proto::QueueId message;
  std::int64_t uid = -1;      // Submitter::owner()
  fairness::Owner owner{};    // for shares
  std::string_view dialogue;  // proto::parse_dialogues()
};

struct SiteFailed {
  std::string_view hosts;
  proto::HostResult result;  // without text about one message
  std::uint32_t failures = 0;
  WallTime next_probe{};
};
struct SiteRecovered {
  std::string_view hosts;
  std::string_view login{};  // NAME of the [credentials.NAME] of its sessions; empty: no sign-in
};
// The mail hosts of a site refuse mail for good (5xx) by a fault of this host, of its domain, or of theirs. It is kept, and tried again.
struct OwnFault {
  std::string_view hosts;
  proto::HostResult result;  // without text about one message
  std::string_view kind;     // "reputation"
  std::string_view cause;    // a sentence
  proto::Actor who;
  std::string_view todo, link;  // may be empty
};
// A host has refused a login. The outcome of the attempt is an event of its own.
struct LoginRefused {
  std::string_view login;  // as above
};

// This host cannot send at all by one way: directly, or by a route.
struct OutageBegan {
  std::string_view way;     // "direct", "[route]"
  std::string_view reason;  // a sentence
  std::string_view advice;  // the action to take: a sentence
};
struct OutageEnded {
  std::string_view way;
  Duration lasted{0};
};

// The message has crashed the daemon more than once, and is held.
struct SetAside {
  proto::QueueId message;
  std::string_view death;  // the end of the last run
};
struct Unreadable {
  proto::QueueId message;
  std::string_view reason;
};

// News about the DNS record of a key that signs mail, or is to.
struct KeyRecordSeen {
  enum class What { signs, waits, lost, back };  // lost: it continues to sign
  What what;
  std::string_view domain, selector;
  std::string_view reason;
};
std::string_view to_string(KeyRecordSeen::What what);

using Event = std::variant<Accepted, Attempted, Unrecorded, Acted, NoticeSent, NoticeLeftOut, NoticeKept, NoticeWaits, NoticePostponed,
                           NoticeNotStored, NoticeNotKept, HeaderBroken, FamilyChanged, Connected, Conversed, SiteFailed, SiteRecovered,
                           OwnFault, LoginRefused, OutageBegan, OutageEnded, SetAside, Unreadable, KeyRecordSeen>;

}  // namespace mxpress::mta::events
