// Events: what happens to a message, one record for each step of its life. An event that tells an outcome is emitted after the outcome is
// durable. Values are as they are: sinks clean what they show.
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
}  // namespace mxpress::proto

namespace mxpress::queue {
enum class ActionKind;
enum class NoticeKind;
}  // namespace mxpress::queue

namespace mxpress::mta::net {
struct TlsResult;
}

namespace mxpress::mta::events {

// Where an event has a LogRoom::Hold, its lines are about one message and are kept until they are written: the log takes the hold over.

// It is durable in the queue; the client reads 250 afterwards.
struct Accepted {
  proto::QueueId message;
  const proto::Envelope& envelope;
  std::uint64_t size = 0;       // octets of content
  std::string_view message_id;  // of the header; empty: it has none
  mutable LogRoom::Hold log_room{};
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
  std::string original_recipient;           // as it was given, where an alias made it another; else empty
  std::optional<proto::HostResult> result;  // none: the operator stopped the attempt before anything was said
  std::optional<HostTimes> host;            // none: no host said it
  std::optional<WallTime> next_try;         // if deferred
};

// What one attempt made of the recipients at one destination. Also expiry, a failed lookup, and damaged content.
struct Attempted {
  proto::QueueId message;
  std::string reverse_path;
  Duration delay{0};  // since it was handed in
  std::vector<RecipientOutcome> recipients;
  mutable LogRoom::Hold log_room{};
};
// About what the event takes in memory, and no less than its lines in the log.
std::uint64_t octets_of(const Attempted& attempted);

// An attempt whose outcome the spool did not take: its recipients may be tried again.
struct Unrecorded {
  const Attempted& attempted;
  std::string_view reason;
};

// What an operator did.
struct Acted {
  struct Withdrawn {
    std::string recipient;
    std::string original_recipient;
  };
  proto::QueueId message;
  queue::ActionKind action;
  std::int64_t uid = -1;  // the operator's
  std::string reverse_path{};
  std::vector<Withdrawn> withdrawn{};  // of remove and bounce
  mutable LogRoom::Hold log_room{};
};
std::uint64_t octets_of(const Acted& acted);

// A DSN is in the queue, and its recipients need none any more.
struct NoticeSent {
  proto::QueueId message;  // that it tells of
  queue::NoticeKind kind;
  const proto::ReversePath& to;
  proto::QueueId notice;
  std::size_t recipients = 0;  // that it tells of
};
// A delay notice is not sent, because its sender has had too many of them.
struct NoticeLeftOut {
  proto::QueueId message;
};
// A DSN that nobody took is in this host's mailbox.
struct NoticeKept {
  proto::QueueId message;  // the DSN
  std::string_view mailbox;
};

// A DSN cannot be stored for now. It stays pending, and is looked at again.
struct NoticeWaits {
  enum class Why { no_room_on_disk, share_is_used };
  proto::QueueId message;
  fairness::Owner owner;  // of the message: the lines about an owner's mail are limited
  Why why;
  std::string_view reason;
};
// A DSN waits for its sender's turn.
struct NoticePostponed {
  proto::QueueId message;
  Duration wait;
};
// The spool did not take a DSN, or this host's mailbox one that nobody took. It stays pending.
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

// A header line of over 998 octets had no space to fold it at, and this host was offered it in pieces.
struct HeaderBroken {
  proto::QueueId message;
  std::string_view host;
};

// A new connection to a mail host, or why there is none.
struct Connected {
  proto::QueueId message;
  const dns::Target& target;
  const net::TlsResult& tls;
  bool is_open = false;  // a session has begun
};

struct SiteFailed {
  std::string_view hosts;
  proto::HostResult result;  // without what is about one message
  std::uint32_t failures = 0;
  WallTime next_probe{};
};
struct SiteRecovered {
  std::string_view hosts;
  std::string_view login{};  // NAME of the [credentials.NAME] that its sessions sign in with; empty: they do not
};
// A host has refused it, to an attempt whose outcome is an event of its own.
struct LoginRefused {
  std::string_view login;  // as above
};

// This host cannot send at all by one way: directly, or by a route.
struct OutageBegan {
  std::string_view way;     // "direct", "[route]"
  std::string_view reason;  // a sentence
  std::string_view advice;  // what to do: a sentence
};
struct OutageEnded {
  std::string_view way;
  Duration lasted{0};
};

// It has brought the daemon down more than once, and is held.
struct SetAside {
  proto::QueueId message;
  std::string_view death;  // what ended the last run
};
struct Unreadable {
  proto::QueueId message;
  std::string_view reason;
};

// What is known of the DNS record of a key that signs mail, or is to.
struct KeyRecordSeen {
  enum class What { signs, waits, lost, back };  // lost: it signs on
  What what;
  std::string_view domain, selector;
  std::string_view reason;
};
std::string_view to_string(KeyRecordSeen::What what);

using Event = std::variant<Accepted, Attempted, Unrecorded, Acted, NoticeSent, NoticeLeftOut, NoticeKept, NoticeWaits, NoticePostponed,
                           NoticeNotStored, NoticeNotKept, HeaderBroken, Connected, SiteFailed, SiteRecovered, LoginRefused, OutageBegan,
                           OutageEnded, SetAside, Unreadable, KeyRecordSeen>;

}  // namespace mxpress::mta::events
