// The result for a recipient, and the action of a mail host: values shared by delivery, spool, logs, notices and `mxpress show`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/status.h"
#include "proto/time.h"

namespace mxpress::proto {

// The step of the SMTP conversation.
// Stored on disk as a number: append new ones.
enum class Stage { lookup, connect, greeting, hello, tls, mail, rcpt, data, content, quit, local, none, auth };
std::string_view to_string(Stage stage);

enum class Outcome {
  untried,  // no statement about this recipient: another host may be tried
  delivered,
  deferred,
  failed,
};
std::string_view to_string(Outcome outcome);

// The reply or failure of one host. Strings are already cleaned: no control characters, printable ASCII, bounded.
struct HostResult {
  Stage stage = Stage::none;
  std::string host;              // "mx1.example.org"; empty when none was reached
  std::string address;           // "192.0.2.1:25", "[2001:db8::1]:25"
  std::string tls;               // "", or "TLSv1.3/TLS_AES_256_GCM_SHA384 (unverified)"
  EnhancedStatus status;         // ours or the host's
  int reply_code = 0;            // 0: our own finding, not a reply
  std::string text;              // the whole reply ("550 5.1.1 no such user") or our own words ("connection refused")
  bool maybe_delivered = false;  // the connection was lost after the final dot

  bool operator==(const HostResult&) const = default;
};

// One host of one attempt, for the history in `mxpress show`.
struct HostAttempt {
  HostResult result;
  WallTime started{};
  Duration connect{0};  // TCP connect; 0 with a reused session
  Duration total{0};
  bool reused_session = false;
};

// Converts `result`, which one message got, into a result for other messages that wait for the same host. A reply to MAIL or later may name
// addresses or content of its message: it becomes our own finding, with its codes, and the stage in our words. `since`: when the host's
// failure began, if known.
HostResult for_other_messages(const HostResult& result, std::optional<WallTime> since);

// RFC 4954 6: the host refuses this host's credentials, or requires it to sign in. No recipient is at fault. During sign-in other replies
// count as well, unless they are about a mechanism.
bool refuses_login(const HostResult& result);

// The reason in the notice for a held message that expired.
inline constexpr std::string_view kHeldTooLong = "held by the operator until its lifetime ended";

// True if an operator ended it here; no mail host refused it.
bool returned_by_operator(const HostResult& result);

struct RecipientResult {
  Outcome outcome = Outcome::untried;
  HostResult last;
  bool dsn_passed_on = false;  // delivered: NOTIFY went along to a host or a copy that answers for it (RFC 3461 5.2.1, 5.2.7)
};

}  // namespace mxpress::proto
