// Delivery status notifications (bounces, delay and success notices). RFC 3464, RFC 6522, RFC 3461 6, RFC 3834.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/envelope.h"
#include "proto/explanation.h"
#include "proto/outcome.h"
#include "proto/phrases.h"
#include "proto/time.h"

namespace mxpress::proto {

enum class NoticeKind { failure, delay, success };
// RFC 3464 2.3.3
enum class NoticeAction { failed, delayed, delivered, relayed };

struct NoticeRecipient {
  Mailbox mailbox;
  std::string original_recipient{};  // ORCPT as received (xtext); may be empty
  NoticeAction action = NoticeAction::failed;
  HostResult result{};
  std::optional<WallTime> last_attempt{};
  std::optional<WallTime> will_retry_until{};  // delayed only
  bool has_expired = false;                    // failed: its lifetime ended
  bool is_told_of_failure = true;              // delayed: the sender wants a notice if it fails (RFC 3461 4.1)
  std::optional<Explanation> explanation{};    // of the result; nullopt: that of explain()
};

// The contents of a notice. Views only have to outlive the call of compose_notice().
struct Notice {
  NoticeKind kind = NoticeKind::failure;
  Domain reporting_host;
  Mailbox to;
  std::optional<Domain> author_domain{};  // of MAILER-DAEMON in From; nullopt: the reporting host
  std::string envid{};                    // as received (xtext); may be empty
  Return ret = Return::unspecified;
  WallTime arrival{};
  WallTime now{};
  int zone_minutes = 0;
  std::string message_id{};  // "unique@host.example", without angle brackets
  std::string boundary{};    // some random letters and digits
  // The content of the message, or the part that is available (the header at least).
  std::string_view original{};
  bool original_is_whole = false;
  std::vector<NoticeRecipient> recipients{};  // at most kMaxListed of them are listed
  std::size_t not_listed = 0;                 // number of further recipients
  std::string queue_id{};                     // the id for `mxpress show`
  const Phrases* phrases = nullptr;           // the words for people; null: English

  bool is_ascii() const { return !phrases || phrases->is_ascii(); }
};

// The number of recipients that a notice lists; further ones are only counted.
inline constexpr std::size_t kMaxListed = 100;

// RET=FULL returns messages up to this size, and only the header of larger ones.
inline constexpr std::size_t kMaxReturnedMessage = 256 * 1024;
// Larger headers are cut at a field.
inline constexpr std::size_t kMaxReturnedHeader = 64 * 1024;

// The whole message, CRLF line ends, 7-bit, no line over 998 octets. Text outside ASCII is in base64. Envelope: reverse-path <>, recipient
// `to` (RFC 3464 2).
std::string compose_notice(const Notice& notice);

}  // namespace mxpress::proto
